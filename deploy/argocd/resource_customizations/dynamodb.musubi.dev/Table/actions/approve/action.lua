-- Have exactly the plan carried out that stands in the status. If that has changed meanwhile, its hash has too,
-- and nothing happens.
if obj.status == nil or obj.status.plan == nil then
  error("no changes wait for approval: status.plan is empty", 0)
end
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["musubi.dev/approve"] = obj.status.plan.hash
return obj

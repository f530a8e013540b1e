-- Have exactly the plan carried out that stands in the status. If that has changed meanwhile, its hash has too,
-- and nothing happens.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["musubi.dev/approve"] = obj.status.plan.hash
return obj

local status = obj.status or {}
local spec = obj.spec or {}
local annotations = obj.metadata.annotations or {}
local plan = status.plan
local waits = plan ~= nil and plan.hash ~= nil
local paused = spec.managementPolicy == "Paused"
local actions = {
  reconcile = { disabled = paused },
  pause = { disabled = paused },
  resume = { disabled = not paused },
  approve = { disabled = not waits or annotations["musubi.dev/approve"] == plan.hash },
}
-- The two ways out of a deletion that is blocked.
if obj.metadata.deletionTimestamp ~= nil then
  actions.retain = { disabled = spec.deletionPolicy == "Retain" }
  if status.forceDeleteAllowed then
    actions["force-empty"] = { disabled = spec.deletionPolicy == "Delete" }
  end
end
return actions

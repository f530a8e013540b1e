local plan = obj.status ~= nil and obj.status.plan or nil
local waits = plan ~= nil and plan.hash ~= nil
local annotations = obj.metadata.annotations or {}
local paused = obj.spec ~= nil and obj.spec.managementPolicy == "Paused"
return {
  reconcile = { disabled = paused },
  pause = { disabled = paused },
  resume = { disabled = not paused },
  approve = { disabled = not waits or annotations["musubi.dev/approve"] == plan.hash },
}

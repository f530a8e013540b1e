-- As it was before it was paused; who paused it by hand gets Plan, which writes nothing to AWS.
local annotations = obj.metadata.annotations or {}
obj.spec.managementPolicy = annotations["musubi.dev/paused-from"] or "Plan"
annotations["musubi.dev/paused-from"] = nil
return obj

-- Call AWS no more for it. What was in force is remembered, so that an object that was only planned is not
-- enforced by being resumed.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["musubi.dev/paused-from"] = obj.spec.managementPolicy or "Enforce"
obj.spec.managementPolicy = "Paused"
return obj

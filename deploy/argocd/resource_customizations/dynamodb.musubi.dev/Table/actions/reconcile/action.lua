-- Look at it in AWS now. Argo CD has no global os: it must be required.
local os = require("os")
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["musubi.dev/reconcile-at"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj

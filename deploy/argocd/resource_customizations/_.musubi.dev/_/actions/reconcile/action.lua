-- Look at it in AWS now.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["musubi.dev/reconcile-at"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj

-- Delete it in AWS with everything that it holds, for good. Offered only where the administrator allows it
-- (--allow-force-delete) and nothing but its content is in the way.
if obj.metadata.deletionTimestamp == nil or not obj.status.forceDeleteAllowed then
  error("force-empty is only for an object whose deletion is blocked by its contents, in a namespace that is allowed by --allow-force-delete", 0)
end
obj.spec.deletionPolicy = "Delete"
return obj

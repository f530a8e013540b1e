-- Delete it in AWS with everything that it holds, for good. Offered only where the administrator allows it
-- (--allow-force-delete) and nothing but its content is in the way.
if obj.metadata.deletionTimestamp == nil or not obj.status.forceDeleteAllowed then
  error("force-empty is for an object whose deletion waits for it to be empty, in a namespace that the operator's --allow-force-delete names", 0)
end
obj.spec.deletionPolicy = "Delete"
return obj

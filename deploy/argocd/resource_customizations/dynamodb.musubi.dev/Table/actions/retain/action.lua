-- Let an object that is being deleted go, and leave in AWS what it stands for.
if obj.metadata.deletionTimestamp == nil then
  error("retain is only for an object that is being deleted; otherwise set deletionPolicy in Git", 0)
end
obj.spec.deletionPolicy = "Retain"
return obj

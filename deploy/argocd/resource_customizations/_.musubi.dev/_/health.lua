-- Health of Buckets and Tables. Agrees with kstatus on each state, but for Paused, which kstatus has no word for.
local hs = { status = "Progressing", message = "Waiting for the operator" }
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return hs
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  conditions[condition.type] = condition
end
local function is(type)
  return conditions[type] ~= nil and conditions[type].status == "True"
end
local function told(type)
  return conditions[type] ~= nil and conditions[type].message or nil
end

-- Only what no retry can mend is Degraded: Argo CD gives a whole sync up for it.
if is("Stalled") then
  hs.status = "Degraded"
  hs.message = told("Stalled")
elseif conditions.Synced ~= nil and conditions.Synced.reason == "Paused" then
  hs.status = "Suspended"
  hs.message = told("Synced")
elseif is("Reconciling") then
  hs.message = told("Reconciling")
elseif is("Ready") then
  hs.status = "Healthy"
  -- What differs from the spec, where managementPolicy is Plan.
  hs.message = told("Synced")
else
  hs.message = told("Ready") or hs.message
end
return hs

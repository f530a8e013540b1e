-- Health of Buckets and Tables. It agrees with kstatus on each state, but for what is not made yet and waits for
-- somebody (Suspended), which kstatus has no word for. Argo CD asks no script about an object that is being deleted.
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
local why = conditions.Synced ~= nil and conditions.Synced.reason or nil

-- Only what no retry can mend is Degraded: Argo CD gives a whole sync up for it.
if is("Stalled") then
  hs.status = "Degraded"
  hs.message = told("Stalled")
elseif is("Reconciling") then
  hs.message = told("Reconciling")
elseif is("Ready") then
  -- Paused, or planned, and in service: Suspended would hold a sync with waves for ever, and with it the commit that
  -- resumes the object.
  hs.status = "Healthy"
  hs.message = told("Synced")
elseif why == "Paused" or why == "Drifted" then
  hs.status = "Suspended"
  hs.message = told("Synced")
else
  hs.message = told("Ready") or hs.message
end
return hs

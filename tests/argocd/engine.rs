//! What Argo CD gives a script, and what it makes of the result (argo-cd 3.4 and 3.5, `util/lua/lua.go` and
//! `util/lua/oslib_safe.go`): `package`, the base functions and `table`. No `string`, no JSON null, numbers as floats.
//! `os` has only `date` and `time`, and it is no global: scripts get it by `require("os")`.

use k8s_openapi::jiff::Timestamp;
use mlua::{Function, Lua, LuaOptions, StdLib, Table, Value as LuaValue};
use serde_json::{Map, Value, json};

/// What Lua 5.1's base library has and gopher-lua's leaves to others.
const NOT_IN_BASE: [&str; 2] = ["coroutine", "gcinfo"];

/// An engine as Argo CD sets one up.
pub fn engine() -> Lua {
    let lua = Lua::new_with(StdLib::PACKAGE | StdLib::TABLE, LuaOptions::default()).expect("Lua");
    let globals = lua.globals();
    for name in NOT_IN_BASE {
        globals.set(name, LuaValue::Nil).expect("set");
    }
    let package: Table = globals.get("package").expect("package is loaded");
    let preload: Table = package.get("preload").expect("package has preload");
    let loader: Function = lua.create_function(|lua, _: LuaValue| safe_os(lua)).expect("a function");
    preload.set("os", loader).expect("set");
    // The parameters of an action; none of ours has any.
    globals.set("actionParams", lua.create_table().expect("a table")).expect("set");
    lua
}

/// The functions of `os` that Argo CD deems safe.
fn safe_os(lua: &Lua) -> mlua::Result<Table> {
    let os = lua.create_table()?;
    os.set("time", lua.create_function(|_, ()| Ok(Timestamp::now().as_second()))?)?;
    os.set(
        "date",
        lua.create_function(|_, format: String| {
            // Without `!` it is local time, which no script of ours wants; Argo CD knows these letters of a format.
            let utc = format.strip_prefix('!').ok_or_else(|| mlua::Error::runtime("local time"))?;
            let known = utc.split('%').skip(1).all(|rest| rest.starts_with(|c| "aAbBcdFHImMpPSxXyYzZw".contains(c)));
            if !known {
                return Err(mlua::Error::runtime(format!("Argo CD does not know all of {utc}")));
            }
            Ok(Timestamp::now().strftime(utc).to_string())
        })?,
    )?;
    Ok(os)
}

/// Runs a script of `obj`; its result as JSON, or its error.
pub fn try_run(script: &str, object: &Value) -> Result<Value, String> {
    let lua = engine();
    lua.globals().set("obj", to_lua(&lua, object)).expect("set");
    lua.load(script).eval::<LuaValue>().map(|value| to_json(&value)).map_err(|error| error.to_string())
}

/// The same of a script that must not fail.
pub fn run(script: &str, object: &Value) -> Value {
    try_run(script, object).unwrap_or_else(|error| panic!("{error}\n{object:#}"))
}

/// The health that Argo CD shows, as gitops-engine finds it (`pkg/health/health.go`): no script is asked about an
/// object that is being deleted.
pub fn health(script: &str, object: &Value) -> Value {
    if object["metadata"]["deletionTimestamp"].is_string() {
        return json!({"status": "Progressing", "message": "Pending deletion"});
    }
    run(script, object)
}

/// What an action makes of an object.
pub fn act(script: &str, object: &Value) -> Value {
    let mut after = run(script, object);
    cleaned(&mut after, object);
    after
}

fn to_lua(lua: &Lua, value: &Value) -> LuaValue {
    match value {
        Value::Null => LuaValue::Nil,
        Value::Bool(bool) => LuaValue::Boolean(*bool),
        Value::Number(number) => LuaValue::Number(number.as_f64().expect("a number")),
        Value::String(text) => LuaValue::String(lua.create_string(text).expect("a string")),
        Value::Array(items) => {
            LuaValue::Table(lua.create_sequence_from(items.iter().map(|item| to_lua(lua, item))).expect("a list"))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.as_str(), to_lua(lua, value)));
            LuaValue::Table(lua.create_table_from(fields).expect("a table"))
        }
    }
}

/// An empty table becomes an empty list, as Argo CD's encoder has it.
fn to_json(value: &LuaValue) -> Value {
    match value {
        LuaValue::Nil => Value::Null,
        LuaValue::Boolean(bool) => json!(bool),
        LuaValue::Integer(number) => json!(number),
        #[allow(clippy::cast_possible_truncation)]
        LuaValue::Number(number) if number.fract() == 0.0 => json!(*number as i64),
        LuaValue::Number(number) => json!(number),
        LuaValue::String(text) => json!(text.to_string_lossy()),
        LuaValue::Table(table) => {
            let pairs: Vec<(LuaValue, LuaValue)> = table.pairs().map(|pair| pair.expect("a pair")).collect();
            if pairs.iter().all(|(key, _)| key.is_integer() || key.is_number()) {
                pairs.iter().map(|(_, value)| to_json(value)).collect()
            } else {
                let fields = pairs.iter().map(|(key, value)| (key.to_string().expect("a key"), to_json(value)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
        other => panic!("no JSON: {other:?}"),
    }
}

/// What Argo CD makes of an empty list where the object had an empty map.
fn cleaned(new: &mut Value, old: &Value) {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            for (key, value) in new.iter_mut() {
                if let Some(before) = old.get(key) {
                    cleaned(value, before);
                }
            }
        }
        (new @ Value::Array(_), Value::Object(_)) if new.as_array().is_some_and(Vec::is_empty) => *new = json!({}),
        (Value::Array(new), Value::Array(old)) => {
            for (value, before) in new.iter_mut().zip(old) {
                cleaned(value, before);
            }
        }
        _ => {}
    }
}

#[test]
fn scripts_have_what_argo_cd_gives_them_and_nothing_else() {
    let lua = engine();
    let globals = lua.globals();
    let mut globals: Vec<String> = globals.pairs::<String, LuaValue>().map(|pair| pair.expect("a pair").0).collect();
    globals.sort();
    // gopher-lua's base functions, without two of its own (`_printregs`, `_GOPHER_LUA_VERSION`).
    let wanted = "_G _VERSION actionParams assert collectgarbage dofile error getfenv getmetatable ipairs load loadfile \
                  loadstring module newproxy next package pairs pcall print rawequal rawget rawset require select \
                  setfenv setmetatable table tonumber tostring type unpack xpcall";
    assert_eq!(globals.join(" "), wanted);
    let of_os = "local names = {} for name in pairs(require('os')) do names[#names + 1] = name end \
                 table.sort(names) return names";
    assert_eq!(run(of_os, &json!({})), json!(["date", "time"]));
    assert!(try_run("return os.date('!%Y')", &json!({})).is_err(), "os is no global");
    assert!(try_run("return ('x'):rep(2)", &json!({})).is_err(), "there is no string library");
}

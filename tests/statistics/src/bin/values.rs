//! Prints the native numbers as JSON, for Node to compare with those of wasm.

fn main() {
    println!("{}", serde_json::Value::from(beacon_statistics::agreement::values()));
}

//! Where the tests of the torch backend find libtorch at run time: link arguments of dependencies do not reach them.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // set by torch_sys, for those who name it as a dependency of their own
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}

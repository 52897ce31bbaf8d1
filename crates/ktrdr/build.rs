//! Where the program finds libtorch at run time, when it is built with it: link arguments of dependencies do not reach
//! it. LD_LIBRARY_PATH goes before.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // set by torch_sys, for those who name it as a dependency of their own
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}

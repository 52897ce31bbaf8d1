use ktrdr_neural::throughput::*;
fn main(){ let load=TrainingLoad::new(&headline_shape(),5000,1).unwrap(); let mut best=f64::MAX; for _ in 0..400 { let t=std::time::Instant::now(); let w=load.run_headline(1).unwrap(); best=best.min(t.elapsed().as_secs_f64()/w.rows as f64);} eprintln!("{:.0} rows/s {:.2}us/batch", 1.0/best, best*64e6);  }

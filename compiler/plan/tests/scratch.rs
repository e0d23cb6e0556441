mod support;
#[test]
fn bench() {
    let mut s = String::new();
    for i in 0..21 {
        s += &format!("task step{i}(a: String, b: String, c: String, rate: Float = 0.5) -> {{ out: String ..=64, n: Float }} {{\n image \"alpine:3.22\"\n script sh \"\"\"\n  echo \"$IN_A $IN_B $IN_C\" > \"$OUT_OUT\"\n  echo 1 > \"$OUT_N\"\n \"\"\"\n with {{ cpu: 100m, memory: 64Mi }}\n}}\n");
    }
    s += "pipeline big(x: String = \"a\") {\n";
    for i in 0..1000 {
        let p = |k: usize| if i >= k { format!("s{}.out", i - k) } else { "x".to_owned() };
        s += &format!("  let s{i} = step{}({}, {}, {})\n", i % 21, p(1 + i % 3), p(2 + i % 5), p(3));
    }
    s += "}\n";
    for _ in 0..3 {
        let t = std::time::Instant::now();
        let case = support::lower(&s);
        println!("all {:?}", t.elapsed());
        assert_eq!(case.plan().pipelines[0].graph.node_count(), 1000);
    }
}

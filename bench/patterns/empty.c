// An empty library: what preloading costs that does nothing (start_cost.cpp).
int kslab_bench_empty;

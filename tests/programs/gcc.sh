# shellcheck shell=bash
# The GNU compilers on large sources: many functions of C at -O2, and C++ templates over most
# of the standard library. Object files and the linked program must be identical.
#
# tier: full
# timeout: 300
# debug-timeout: 700
# packages: gcc g++ libc6-dev libstdc++-12-dev
# commands: gcc g++ as ld

# The programs that do the work are not in PATH.
proof() {
    binds "$(gcc -print-prog-name=cc1)"
    binds "$(gcc -print-prog-name=cc1plus)"
    binds "$(gcc -print-prog-name=collect2)"
    binds "$(type -P as)"
}

prepare() {
    local functions=500 shapes=24
    [[ -z $mode ]] || functions=60 shapes=3
    awk -v n="$functions" 'BEGIN {
        print "#include <stdio.h>\n#include <string.h>"
        for (f = 0; f < n; f++) {
            printf "static int f%d(int a, int b)\n{\n    int t[%d], s = %d;\n", f, f % 40 + 8, f
            printf "    for (int i = 0; i < %d; i++) t[i] = a * i ^ b + %d;\n", f % 40 + 8, f * 7
            printf "    switch (a & 7) {\n"
            for (c = 0; c < 8; c++) printf "    case %d: s += t[%d] << %d; break;\n", c, c, c % 5
            printf "    }\n    return %s;\n}\n", f ? "s + f" (f - 1) "(b, s & 255)" : "s"
        }
        print "int main(void) { printf(\"%d\\n\", f" n - 1 "(3, 5)); return 0; }"
    }' > large.c
    cat > large.cpp << 'END'
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <ranges>
#include <regex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <int N> struct shape {
    std::map<std::string, std::vector<std::tuple<int, double, std::string>>> rows;
    std::variant<int, std::string, std::shared_ptr<shape<(N > 0 ? N - 1 : 0)>>> inner;
    auto sum() const {
        auto sizes = rows | std::views::values | std::views::transform([](auto& v) { return v.size() + N; });
        return std::accumulate(sizes.begin(), sizes.end(), std::size_t{N});
    }
    void fill(int n) {
        for (int i = 0; i < n; ++i) rows["key" + std::to_string(i % (N + 3))].emplace_back(i, i * .5, std::string(N, 'x'));
        for (auto& [key, row] : rows) std::ranges::sort(row, std::greater<>{});
        if constexpr (N > 0) inner = std::make_shared<shape<N - 1>>();
    }
};
template <std::size_t... I> std::size_t run(std::index_sequence<I...>) {
    return ([] { shape<I> s; s.fill(50 + I); return s.sum(); }() + ...);
}
int main() {
    std::regex word("([a-z]+)[0-9]*");
    std::unordered_map<std::string, std::function<int(int)>> table{{"a", [](int x) { return x + 1; }}};
    std::cout << run(std::make_index_sequence<24>()) << ' ' << std::regex_match("abc12", word) << ' ' << table["a"](1) << '\n';
}
END
    sed -i "s/make_index_sequence<24>/make_index_sequence<$shapes>/" large.cpp
}

workload() {
    local in=$work/input
    gcc -O2 -c "$in/large.c" -o c.o
    gcc -O0 -g -c "$in/large.c" -o c-debug.o
    gcc -O2 -S -fverbose-asm -o /dev/stdout "$in/large.c" | grep -v '^#' | md5sum
    g++ -std=c++20 -O1 -g -c "$in/large.cpp" -o cpp.o
    g++ -std=c++20 -E "$in/large.cpp" | md5sum
    gcc c.o -o c && ./c
    g++ cpp.o -o cpp && ./cpp
    gcc -flto=2 -O1 "$in/large.c" -o lto && ./lto && rm lto
    # A compiler that has to report errors ends with the same messages and status.
    echo 'int f() { return std::vector<int>{1, "x"}.at(); }' > "$work/bad.cpp"
    g++ -include vector -c "$work/bad.cpp" 2>&1 && return 1
    echo "status of a failing compilation: $?"
}

leaks() {
    printf '#include <stdio.h>\nint main(void) { return puts("a") < 0; }\n' > small.c
    confirm gcc -O2 -g small.c -o small
    echo 'template <int n> struct f { int x[n]; f<n - 1> y; }; template <> struct f<0> {}; f<50> v;' > small.cpp
    confirm g++ -O1 -c small.cpp -o small.o
    echo 'int f() { return g(; }' > bad.cpp
    confirm g++ -c bad.cpp
}

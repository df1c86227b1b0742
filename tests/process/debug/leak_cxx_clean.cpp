// What the C and C++ libraries allocate for themselves is no leak, nor are objects of a correct program.
// env: KSLAB_DEBUG=1
// variant: KSLAB_DEBUG=full
// reject-stderr: BUG
#include <dlfcn.h>
#include <locale.h>
#include <time.h>

#include <condition_variable>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "leak.h"

struct shape {
    virtual ~shape() = default;
    std::string name = "a name that is too long for the small string optimisation";
};
struct second_base {
    virtual ~second_base() = default;
    long number = 7;
};
struct square : shape, second_base {
    std::vector<std::string> sides{4, "a side that is longer than sixteen bytes"};
};

static std::map<std::string, std::unique_ptr<shape>> shapes;
static thread_local std::vector<std::string> words;
second_base *base_only;  // points into the middle of its object

static void play()
{
    for (int i = 0; i < 100; i++)
        shapes["the shape with number " + std::to_string(i)] = std::make_unique<square>();
    base_only = new square[3];
    words.assign(10, "words that are kept by a thread that runs");
    try {
        throw std::runtime_error("an exception");
    } catch (const std::exception &e) {
        std::cout << e.what() << std::endl;
    }
    std::regex expression("([a-z]+)=([0-9]+)");
    CHECK(std::regex_match("key=12", expression));
    std::ofstream("/dev/null") << 1.5;
    std::thread([] { words.emplace_back("words that are kept by a thread that ends"); }).join();
    CHECK(std::async(std::launch::async, [] { return 42; }).get() == 42);
}

int main()
{
    setlocale(LC_ALL, "C.UTF-8");
    std::locale::global(std::locale(""));
    tzset();
    time_t now = time(nullptr);
    localtime(&now);
    play();
    void *library = dlopen("libm.so.6", RTLD_NOW);
    std::stringstream stream;
    stream << "text " << 42;
    CHECK(leaks_now() == 0);
    if (library)
        dlclose(library);
    fopen("/dev/null", "w");  // never closed: libc knows it
    CHECK(leaks_now() == 0);
    return 0;
}

// connection_cache.c in C++: connections whose mutex and buffer are set up once, in a kslab::constructed_cache; and
// ordinary objects, nodes of std::pmr containers and of standard ones from caches of their own, in a line each.
//
//   c++ -std=c++17 -o connection_cache connection_cache.cpp $(pkg-config --cflags --libs kslab-api)
#include <kslab/cache.hpp>

#include <atomic>
#include <cstring>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr char kGreeting[] = "220 ready when you are\r\n";
constexpr int kThreads = 2, kRounds = 50000, kAtOnce = 20;

std::atomic<unsigned long> constructed{0}, wrong{0};

// Set up when its slab is made; whoever releases one leaves it unlocked and with the greeting in its buffer.
struct connection {
    std::mutex lock;
    int socket = -1;
    char buffer[400] = {};

    connection() noexcept {
        std::memcpy(buffer, kGreeting, sizeof kGreeting);
        constructed++;
    }
    bool serve(int on_socket) {
        std::lock_guard<std::mutex> guard(lock);
        socket = on_socket;
        return std::memcmp(buffer, kGreeting, sizeof kGreeting) == 0;
    }
};

void serve_many(kslab::constructed_cache<connection>& connections) {
    for (int round = 0; round < kRounds; round++) {
        kslab::constructed_cache<connection>::unique_ptr open[kAtOnce];
        for (int i = 0; i < kAtOnce; i++) {
            open[i] = connections.acquire_unique();
            if (!open[i]->serve(i)) wrong++;
        }
        for (int i = 0; i < kAtOnce; i++)
            if (open[i]->socket != i) wrong++;
    }  // all released, as they are
}

// An object with a constructor and a destructor of the usual kind.
struct request {
    std::string path;
    int answers;
};

}  // namespace

int main() {
    kslab::constructed_cache<connection> connections("connection", SLAB_HWCACHE_ALIGN);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; i++) threads.emplace_back(serve_many, std::ref(connections));
    for (std::thread& thread : threads) thread.join();

    constexpr unsigned long kServed = 1ul * kThreads * kRounds * kAtOnce;
    std::cout << kServed << " connections served by " << kThreads << " threads, " << constructed
              << " constructed: one for " << kServed / (constructed + (constructed == 0)) << " uses\n";

    // Objects that are constructed at each use.
    kslab::cache<request> requests;
    auto first = requests.make_unique("/index.html", 200);
    std::cout << first->path << " from the cache " << kslab::type_name<request>.text << '\n';

    // Nodes of a standard container: a cache for the node type, made by itself.
    std::map<int, int, std::less<>, kslab::allocator<std::pair<const int, int>>> answers{{200, 1}, {404, 2}};
    // Nodes of std::pmr containers: what fits into 32 bytes comes from this cache.
    kslab::cache<kslab::room_for<32>> nodes("list_nodes");
    std::pmr::list<int> sockets({3, 4, 5}, &nodes);
    std::cout << answers.size() << " answers, " << sockets.size() << " sockets\n";

    if (wrong != 0) std::cout << wrong << " connections were not as their constructor left them\n";
    bool good = wrong == 0 && constructed >= kAtOnce && constructed <= kServed / 1000;
    return good && answers[404] == 2 && sockets.back() == 5 ? 0 : 1;
}

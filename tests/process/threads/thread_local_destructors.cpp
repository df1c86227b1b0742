// C++ thread_local objects free and allocate while their thread ends, also those that other
// destructors create on the way.
// forms: preload static
#include "check.h"
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

static std::atomic<int> destroyed;

struct late {
    std::string text = std::string(500, 'l');
    ~late() { destroyed++; }
};
static thread_local std::unique_ptr<late> made_late;

struct early {
    std::map<int, std::string> table;
    std::vector<std::unique_ptr<char[]>> rows;
    ~early()
    {
        made_late = std::make_unique<late>(); // its thread_local is initialised during destruction
        table.clear();
        rows.clear();
        std::string again(3000, 'x');
        destroyed++;
    }
};
static thread_local early first;

int main()
{
    for (int round = 0; round < 500; round++)
        std::thread([] {
            for (int i = 0; i < 100; i++) {
                first.table[i] = std::string(200, 'a');
                first.rows.push_back(std::make_unique<char[]>(static_cast<size_t>(i) * 100 + 1));
            }
        }).join();
    CHECK(destroyed >= 500);
    validate_heap();
}

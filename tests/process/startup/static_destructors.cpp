// Objects with static storage free their memory after main has returned, in every order.
// forms: preload linked static static-pie
// expect-stdout: last
#include "check.h"
#include <map>
#include <string>
#include <vector>

struct reporter {
    std::string *text = new std::string(100, 'l');
    ~reporter()
    {
        delete text;
        std::string last = std::string("la") + "st\n";
        fputs(last.c_str(), stdout);
        fflush(stdout);
        for (int i = 0; i < 1000; i++)
            free(malloc(static_cast<size_t>(i) * 100));
    }
};

static reporter first_built;
static std::map<int, std::string> table;
static std::vector<std::vector<char>> rows;

int main()
{
    for (int i = 0; i < 5000; i++)
        table[i] = std::string(static_cast<size_t>(i % 300), 'x');
    rows.assign(100, std::vector<char>(50000));
}

// operator new calls the new-handler again and again until memory turns up, the handler is taken
// away, or it throws; the nothrow forms call it as well.
// forms: preload linked static static-pie
#include "check.h"
#include <new>
#include <sys/resource.h>

static int calls;
static rlim_t restored;

static void limit_memory(rlim_t bytes)
{
    rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void third_time_lucky()
{
    if (++calls == 3)
        limit_memory(restored);
}

static void gives_up_after_five()
{
    if (++calls == 5)
        std::set_new_handler(nullptr);
}

int main()
{
    rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    restored = limit.rlim_cur;
    using std::align_val_t;
    const size_t n = hide_size(512u << 20);
    for (int kind = 0; kind < 8; kind++) {
        std::set_new_handler(third_time_lucky);
        calls = 0;
        limit_memory(vsz_kib() * 1024 + (64 << 20));
        void *p = nullptr;
        switch (kind) {
        case 0: p = ::operator new(n); break;
        case 1: p = ::operator new[](n); break;
        case 2: p = ::operator new(n, std::nothrow); break;
        case 3: p = ::operator new[](n, std::nothrow); break;
        case 4: p = ::operator new(n, align_val_t{64}); break;
        case 5: p = ::operator new[](n, align_val_t{64}); break;
        case 6: p = ::operator new(n, align_val_t{64}, std::nothrow); break;
        case 7: p = ::operator new[](n, align_val_t{64}, std::nothrow); break;
        }
        CHECK_SAY(p && calls == 3, "kind %d: %d calls of the handler", kind, calls);
        // It stays allocated: freed, it might serve the next request without any need for a handler.
    }
    const size_t impossible = hide_size(size_t{1} << 48);
    std::set_new_handler(gives_up_after_five);
    calls = 0;
    try {
        void *p = ::operator new(impossible);
        CHECK_SAY(false, "got %p", p);
    } catch (const std::bad_alloc &) {
        CHECK_SAY(calls == 5, "%d calls of the handler", calls);
    }
    std::set_new_handler(gives_up_after_five);
    calls = 0;
    CHECK(::operator new(impossible, std::nothrow) == nullptr && calls == 5);
}

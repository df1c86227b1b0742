// A whole little program in every form: threads, fork, streams, containers, exceptions.
// forms: preload linked static static-pie
#include "check.h"
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unordered_map>
#include <vector>

int main()
{
    std::mutex mutex;
    std::unordered_map<std::string, int> words;
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 3000; i++) {
                std::ostringstream word;
                word << "word number " << (i * 7 + t) % 1000 << std::string(static_cast<size_t>(i % 90), '.');
                std::lock_guard<std::mutex> lock(mutex);
                words[word.str()]++;
            }
        });
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(10);
            std::string text(5000, 'c');
            std::vector<std::string> copies(100, text);
            _exit(copies.size() == 100 ? 3 : 4);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_SAY(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %x", static_cast<unsigned>(status));
    }
    for (auto &thread : threads)
        thread.join();
    int sum = 0;
    for (const auto &[word, count] : words)
        sum += count;
    CHECK(sum == 18000);
    std::cout << words.size() << std::endl;
    if (kslab_is_active)
        CHECK(kslab_is_active() == 1);
    validate_heap();
}

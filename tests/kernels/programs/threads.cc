/* SPDX-License-Identifier: MIT */
/* Threads that throw and catch exceptions. */
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::mutex lock;
static thread_local int depth;

static void fall(int n)
{
    std::string text(static_cast<size_t>(n) + 1, 'x');
    depth++;
    if (n == 0)
        throw std::runtime_error(std::to_string(depth));
    fall(n - 1);
}

int main()
{
    std::vector<std::thread> threads;
    int sum = 0;

    for (int i = 0; i < 8; i++)
        threads.emplace_back([&sum, i] {
            for (int j = 0; j < 20; j++) {
                try {
                    depth = 0;
                    fall(i + j);
                } catch (const std::exception &error) {
                    std::lock_guard<std::mutex> held(lock);
                    sum += std::stoi(error.what());
                }
            }
        });
    for (auto &thread : threads)
        thread.join();
    std::cout << "sum " << sum << std::endl;
    return 6;
}

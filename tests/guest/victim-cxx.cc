// SPDX-License-Identifier: GPL-2.0-or-later
// victim-cxx: what C++ programs keep on the heap: trees, vectors, long and short strings, smart pointers.
// main waits in a call of its own class, a second thread for a condition.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

struct shape {
	virtual ~shape() = default;
	virtual int wait(int depth) = 0;
	int corners = 3;
};

struct polygon : shape {
	std::string name = "a polygon whose name is longer than what a string holds by itself";
	int wait(int depth) override;
};

std::string static_string = "a string in static storage, also too long to be held by itself";
std::map<std::string, int> static_map;
thread_local std::string thread_string = "none";

static std::mutex lock;
static std::condition_variable condition;
static volatile bool waiting;

static void publish()
{
	char text[32];
	int fd, size = std::snprintf(text, sizeof(text), "pid=%d\n", getpid());

	mkdir("/run/ready", 0755);
	fd = open("/run/ready/.victim-cxx", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, size) != size || close(fd) ||
	    rename("/run/ready/.victim-cxx", "/run/ready/victim-cxx"))
		std::exit(1);
}

int polygon::wait(int depth)
{
	std::map<int, std::string> numbers{ { 1, "one" }, { 2, "two" }, { 17, "seventeen and some more letters than fit" } };
	std::vector<std::string> words{ "short", "a word that does not fit into the string itself" };

	if (depth > 1)
		return wait(depth - 1) + static_cast<int>(numbers.size());
	thread_string = "main";
	publish();
	pause();
	return static_cast<int>(words.size()) + corners;
}

static void work(int number)
{
	std::unique_lock<std::mutex> hold(lock);
	auto owned = std::make_unique<std::vector<long>>(std::vector<long>{ 3, 1, 4, 1, 5, number });

	thread_string = "worker " + std::to_string(number);
	waiting = true;
	condition.wait(hold, [&] { return owned->empty(); });
}

int main()
{
	std::unique_ptr<shape> owned = std::make_unique<polygon>();
	std::thread worker(work, 9);

	for (int i = 0; i < 1000; i++)
		static_map["key " + std::to_string(i)] = i * i;
	while (!waiting)
		std::this_thread::yield();
	usleep(200 * 1000);
	owned->wait(4);
	worker.join();
	return 0;
}

// recto-bench MODEL PAGE THREADS: reads lines "MEASURE [ARGUMENT]" and answers each with a line of
// JSON, so that bench/run can take turns between this program and the peers.
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "bench/measures.h"

namespace {

int serve(const std::string& model, const std::string& page, int threads) {
  recto::Measures measures(model, page, threads);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string name;
    int argument = 0;
    words >> name >> argument;
    std::cout << recto::dump_json(measures.run(name, argument)) << std::endl;
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: recto-bench MODEL PAGE THREADS (started by bench/run)\n";
    return 2;
  }
  try {
    recto::set_log_level(recto::LogLevel::kWarning);
    return serve(argv[1], argv[2], std::atoi(argv[3]));
  } catch (const std::exception& error) {
    std::cerr << "recto-bench: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}

// consumer MODEL QUERY: the query's vector, a value a line.
#include <cstdio>
#include <vector>

#include "base/error.h"
#include "engine/cpu_embedder.h"
#include "model/model_directory.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: consumer MODEL QUERY\n");
    return 2;
  }
  try {
    const auto model = recto::ModelDirectory::open(argv[1]);
    const auto embedder = recto::make_cpu_embedder(model, {.threads = 1});
    const std::vector<recto::ModelInput> inputs = {model->inputs().query(argv[2])};
    const recto::Matrix vectors = embedder->embed(inputs);
    for (const float value : vectors.row(0)) std::printf("%.9g\n", value);
    return 0;
  } catch (const recto::Error& error) {
    std::fprintf(stderr, "consumer: %s\n", error.what());
    return recto::exit_status(error.code());
  }
}

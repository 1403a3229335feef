// recto train: the options are read here too, the work is done by recto-train, which links torch.
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/programs.h"
#include "cli/train_options.h"

namespace recto {
namespace {

int start_train_program(const std::vector<std::string>& arguments) {
  const std::string program = find_program("recto-train", "RECTO_TRAIN").string();
  if (program.empty()) {
    fail(ErrorCode::kNotFound,
         "training needs the program recto-train, which is neither beside recto, nor on PATH, nor "
         "named by RECTO_TRAIN; build it with -DRECTO_BUILD_TRAIN=ON");
  }
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  fail_errno(errno, "cannot start " + program);
}

}  // namespace

void add_train_command(CommandLine& line) {
  const auto settings = std::make_shared<TrainSettings>();
  CLI::App& app = line.add_command("train", "Fine-tune a model on a dataset, with LoRA or in full",
                                   [&line] { return start_train_program(line.arguments()); });
  add_train_options(app, *settings);
}

}  // namespace recto

// recto train: the options are read here too, the work is done by recto-train, which links torch.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/programs.h"
#include "cli/train_options.h"

namespace recto {
namespace {

constexpr const char* kVariable = "RECTO_TRAIN";

std::string train_program() {
  const std::string program = find_program("recto-train", kVariable).string();
  const char* named = std::getenv(kVariable);
  if (program.empty() && named != nullptr && *named != '\0') {
    std::error_code ignored;
    fail(ErrorCode::kNotFound,
         "cannot start recto-train: {} names {}, which {}; correct or unset {}", kVariable, named,
         std::filesystem::exists(named, ignored) ? "is no program" : "does not exist", kVariable);
  }
  if (program.empty()) {
    fail(ErrorCode::kNotFound,
         "training needs the program recto-train, which is neither beside recto, nor on PATH, nor "
         "named by RECTO_TRAIN; build it with -DRECTO_BUILD_TRAIN=ON");
  }
  return program;
}

int start_train_program(const std::vector<std::string>& arguments) {
  const std::string program = train_program();
  // recto-train then speaks of itself as what was called.
  std::string name = "recto";
  std::vector<char*> argv = {name.data()};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  fail_errno(errno, "cannot start " + program);
}

}  // namespace

void add_train_command(CommandLine& line) {
  const auto options = std::make_shared<TrainOptions>();
  // The options write to these, which must live as long as the command, though nobody here
  // reads them.
  CLI::App& app =
      line.add_command("train", "Fine-tune a model on a dataset, with LoRA or in full",
                       [&line, options] { return start_train_program(line.arguments()); });
  add_train_options(app, *options);
}

}  // namespace recto

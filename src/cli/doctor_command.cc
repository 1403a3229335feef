// recto doctor: what this machine can do.
#include <memory>

#include "cli/commands.h"
#include "cli/doctor_report.h"
#include "cli/options.h"

namespace recto {

void add_doctor_command(CommandLine& line) {
  const auto json = std::make_shared<bool>(false);
  CLI::App& app =
      line.add_command("doctor", "What this machine can do, and what to do about it", [json] {
        const Json report = doctor_report();
        print_result(*json ? pretty_json(report) : doctor_text(report));
        return report["usable"].get<bool>() ? 0 : 1;
      });
  add_json_option(app, *json);
}

}  // namespace recto

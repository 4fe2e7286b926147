// moonpool: the command line of the laboratory.
#include "active/cli/commands.h"
#include "active/program.h"
#include "kernels/runtime/error.h"

int main(int argc, char** argv) {
  CLI::App app("Moonpool: neural active learning when part of the pool is hopelessly noisy",
               "moonpool");
  moonpool::add_run_command(app);
  moonpool::add_resume_command(app);
  moonpool::add_status_command(app);
  moonpool::add_report_command(app);
  moonpool::add_train_command(app);
  moonpool::add_eval_command(app);
  moonpool::add_select_command(app);
  moonpool::add_augment_command(app);
  moonpool::add_data_command(app);
  moonpool::add_fetch_command(app);
  moonpool::add_info_command(app);
  app.callback([&app] {
    if (app.get_subcommands().empty()) moonpool::fail_usage("a command is missing; see --help");
  });
  return moonpool::run_program(app, argc, argv);
}

// moonpool: the command line of the laboratory.
#include "active/cli/commands.h"
#include "active/program.h"

int main(int argc, char** argv) {
  CLI::App app("Moonpool: neural active learning when part of the pool is hopelessly noisy",
               "moonpool");
  app.require_subcommand(1);
  moonpool::add_run_command(app);
  moonpool::add_data_command(app);
  moonpool::add_fetch_command(app);
  moonpool::add_info_command(app);
  return moonpool::run_program(app, argc, argv);
}

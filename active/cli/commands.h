// The subcommands of `moonpool`; one file each.
#pragma once

#include <CLI/CLI.hpp>

namespace moonpool {

void add_train_command(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_run_command(CLI::App& app);
void add_select_command(CLI::App& app);
void add_resume_command(CLI::App& app);
void add_status_command(CLI::App& app);
void add_report_command(CLI::App& app);
void add_info_command(CLI::App& app);
void add_augment_command(CLI::App& app);
void add_data_command(CLI::App& app);
void add_fetch_command(CLI::App& app);

}  // namespace moonpool

#pragma once
// The commands of recto, one file each. They hold options and join rooms; the work is done below.

#include "cli/command_line.h"

namespace recto {

void add_doctor_command(CommandLine& line);
void add_model_commands(CommandLine& line);
void add_curate_command(CommandLine& line);
void add_dataset_commands(CommandLine& line);
void add_synthesize_command(CommandLine& line);
void add_merge_command(CommandLine& line);
void add_scan_command(CommandLine& line);
void add_text_vectors_command(CommandLine& line);
void add_train_command(CommandLine& line);
void add_eval_command(CommandLine& line);
void add_compare_command(CommandLine& line);
void add_embed_command(CommandLine& line);
void add_index_commands(CommandLine& line);
void add_search_command(CommandLine& line);
void add_serve_command(CommandLine& line);
void add_inspect_command(CommandLine& line);
void add_tokenize_command(CommandLine& line);

}  // namespace recto

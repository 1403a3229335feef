#include "cli/command_line.h"
#include "cli/commands.h"

int main(int argc, char** argv) {
  recto::CommandLine line("recto",
                          "Page retrieval on your own machine: curate training data from PDFs, "
                          "train, evaluate, index, search.");
  recto::add_doctor_command(line);
  recto::add_model_commands(line);
  recto::add_curate_command(line);
  recto::add_dataset_commands(line);
  recto::add_synthesize_command(line);
  recto::add_merge_command(line);
  recto::add_scan_command(line);
  recto::add_text_vectors_command(line);
  recto::add_train_command(line);
  recto::add_eval_command(line);
  recto::add_compare_command(line);
  recto::add_embed_command(line);
  recto::add_index_commands(line);
  recto::add_search_command(line);
  recto::add_serve_command(line);
  recto::add_inspect_command(line);
  recto::add_tokenize_command(line);
  return line.run(argc, argv);
}

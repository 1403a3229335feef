#include "cli/options.h"
#include "cli/train_options.h"

namespace recto {
namespace {

void add_share(CLI::App& app, const std::string& name, double& value,
               const std::string& description) {
  add_setting(app, name, value, description, kReadingGroup)
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0).description(""));
}

void add_documents(CLI::App& app, ReadingSettings& s) {
  add_setting(app, "leave-out", s.leave_out,
              "Documents that are not read: a pattern of the whole path", kReadingGroup)
      ->type_name("PATTERN");
  add_setting(app, "hold-out", s.hold_out,
              "Documents that are read only to measure: a pattern of the whole path", kReadingGroup)
      ->type_name("PATTERN");
  add_setting(app, "document-pages", s.document_pages,
              "Pages are drawn of a longer document as if it had so many; 0: as it is",
              kReadingGroup)
      ->type_name("N");
  add_setting(app, "eval-tiles", s.eval_tiles,
              "Tiles of held-out documents to measure by, and as many lines; 0: none",
              kReadingGroup)
      ->type_name("N");
}

void add_tiles(CLI::App& app, ReadingSettings& s) {
  add_setting(app, "page-tiles", s.page_tiles, "Tiles cut out of a page that is drawn",
              kReadingGroup)
      ->type_name("N");
  add_setting(app, "page-scales", s.page_scales,
              "How large a page is, drawn, beside the contract's longest edge", kReadingGroup)
      ->type_name("LEAST-MOST");
  add_share(app, "heading-tiles", s.heading_tiles, "Tiles around large letters");
  add_share(app, "line-tiles", s.line_tiles, "Tiles with one line of text and nothing else");
  add_share(app, "degraded-tiles", s.degraded_tiles,
            "Tiles with JPEG traces, blur, noise or fading");
  add_share(app, "transcribed-tiles", s.transcribed_tiles,
            "Tiles of a step whose text is learned token by token");
}

}  // namespace

void add_train_reading_options(CLI::App& app, TrainOptions& options) {
  add_setting(app, "objective", options.objective,
              "What is learned: to retrieve, from a dataset; or, from nothing, to read, from PDFs "
              "with a text layer",
              kTrainingGroup)
      ->type_name("retrieval|reading")
      ->check(CLI::IsMember({"retrieval", "reading"}).description(""));
  add_documents(app, options.reading);
  add_tiles(app, options.reading);
  add_setting(app, "fresh", options.reading.fresh,
              "Pattern of parameters that begin anew, as in a model of random weights",
              kReadingGroup)
      ->type_name("PATTERN");
  add_setting(app, "muon-lr", options.reading.muon_lr,
              "Learning rate of the matrices of the layers, which Muon trains", kReadingGroup)
      ->type_name("RATE");
  add_share(app, "decay", options.reading.decay,
            "Last part of the training, in which the learning rates fall to 0");
}

}  // namespace recto

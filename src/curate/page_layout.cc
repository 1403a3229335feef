#include "curate/page_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/utf8.h"

namespace recto {
namespace {

float center(const Word& word) { return (word.top + word.bottom) / 2; }

/// Dots that lead the eye, or a dash or bullet.
bool is_leader(std::string_view word) {
  for (size_t at = 0; at < word.size();) {
    const char32_t code = decode_utf8(word, at);
    const bool leads = code == '.' || code == ',' || code == '-' || code == '_' || code == U'·' ||
                       code == U'…' || code == U'‥' || code == U'․' || code == U'•';
    if (!leads) return false;
  }
  return true;
}

/// Words that stand on the page, without leaders, by height, then from left to right.
std::vector<const Word*> placed_words(const std::vector<Word>& words) {
  std::vector<const Word*> placed;
  for (const Word& word : words) {
    const bool inside = word.left >= 0 && word.right <= 1 && word.top >= 0 && word.bottom <= 1;
    const bool has_area = word.left < word.right && word.top < word.bottom;
    if (inside && has_area && !is_leader(word.text)) placed.push_back(&word);
  }
  std::stable_sort(placed.begin(), placed.end(), [](const Word* a, const Word* b) {
    return center(*a) != center(*b) ? center(*a) < center(*b) : a->left < b->left;
  });
  return placed;
}

float median_height(const std::vector<const Word*>& words) {
  std::vector<float> heights;
  heights.reserve(words.size());
  for (const Word* word : words) heights.push_back(word->bottom - word->top);
  const auto middle = heights.begin() + static_cast<ptrdiff_t>(heights.size() / 2);
  std::nth_element(heights.begin(), middle, heights.end());
  return *middle;
}

/// "17", "xii", "3-14", "117," or dots with a number at their end.
bool is_page_number(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of(".…"), word.size()));
  while (!word.empty() && (word.back() == ',' || word.back() == '.')) word.remove_suffix(1);
  if (word.empty() || word.size() > 7) return false;
  const bool roman = word.find_first_not_of("ivxlc") == std::string_view::npos;
  const bool digits = word.find_first_not_of("0123456789-") == std::string_view::npos &&
                      word.front() != '-' && word.back() != '-';
  const size_t longest = word.find('-') == std::string_view::npos ? 4 : 7;
  return roman || (digits && word.size() <= longest);
}

/// The last word is a page number, and something with letters stands before it.
bool ends_in_page_number(const std::vector<const Word*>& line) {
  if (line.size() < 2 || !is_page_number(line.back()->text)) return false;
  const auto has_letter = [](const Word* word) {
    return std::any_of(word->text.begin(), word->text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
    });
  };
  return std::any_of(line.begin(), line.end() - 1, has_letter);
}

LayoutLine make_line(std::vector<const Word*> words, float gap) {
  std::sort(words.begin(), words.end(),
            [](const Word* a, const Word* b) { return a->left < b->left; });
  LayoutLine line;
  line.top = words.front()->top;
  line.bottom = words.front()->bottom;
  line.ends_in_page_number = ends_in_page_number(words);
  for (const Word* word : words) {
    line.top = std::min(line.top, word->top);
    line.bottom = std::max(line.bottom, word->bottom);
    if (line.cells.empty() || word->left - line.cells.back().right > gap) {
      line.cells.push_back({word->left, word->right, 0});
    }
    line.cells.back().right = std::max(line.cells.back().right, word->right);
    ++line.cells.back().words;
    ++line.words;
  }
  return line;
}

/// Cells of `line` that begin, or end, where one of `other` does.
int aligned_cells(const LayoutLine& line, const LayoutLine& other, float tolerance) {
  int aligned = 0;
  for (const LayoutCell& cell : line.cells) {
    aligned += std::any_of(other.cells.begin(), other.cells.end(), [&](const LayoutCell& that) {
      return std::abs(that.left - cell.left) < tolerance ||
             std::abs(that.right - cell.right) < tolerance;
    });
  }
  return aligned;
}

/// Short cells with room between them: columns of running text are wide and full.
bool may_be_row(const LayoutLine& line) {
  if (line.cells.size() < 2) return false;
  float filled = 0;
  for (const LayoutCell& cell : line.cells) filled += cell.right - cell.left;
  const float width = line.cells.back().right - line.cells.front().left;
  const double words = static_cast<double>(line.words) / static_cast<double>(line.cells.size());
  return words <= 8 && filled < 0.85F * width;
}

float alignment_tolerance(const LayoutLine& line, double aspect) {
  return 0.4F * (line.bottom - line.top) / static_cast<float>(aspect);
}

/// Adds up to three lines between two rows whose cells begin where those of the row above do:
/// cells of several lines.
void join_rows(const std::vector<LayoutLine>& lines, double aspect, std::vector<uint8_t>& rows) {
  constexpr size_t kCellLines = 3;
  size_t above = lines.size();
  for (size_t i = 0; i < lines.size(); ++i) {
    if (rows[i] == 0) continue;
    const bool near = above < i && i - above <= kCellLines + 1;
    for (size_t k = above + 1; near && k < i; ++k) {
      const float tolerance = alignment_tolerance(lines[k], aspect);
      if (aligned_cells(lines[k], lines[above], tolerance) > 0) rows[k] = 1;
    }
    above = i;
  }
}

struct Box {
  int left, top, right, bottom;  // right and bottom are outside
};

/// The pixels of a word, and `margin` more on each side.
Box pixels_of(const Word& word, int width, int height, int margin) {
  const auto place = [](float share, int size, int shift) {
    const float inside = share > 0 ? std::min(share, 1.0F) : 0;  // and not a number: 0
    return std::clamp(static_cast<int>(inside * static_cast<float>(size)) + shift, 0, size);
  };
  return {place(word.left, width, -margin), place(word.top, height, -margin),
          place(word.right, width, 1 + margin), place(word.bottom, height, 1 + margin)};
}

/// A picture with one value a pixel.
struct Mask {
  int width, height;
  std::vector<uint8_t> set;

  Mask(int w, int h)
      : width(w), height(h), set(static_cast<size_t>(w) * static_cast<size_t>(h), 0) {}
  size_t at(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
  void fill(const Box& box) {
    if (box.left >= box.right) return;
    for (int y = box.top; y < box.bottom; ++y) {
      std::fill_n(set.begin() + static_cast<ptrdiff_t>(at(box.left, y)), box.right - box.left, 1);
    }
  }
  double share() const {
    const auto count = std::count_if(set.begin(), set.end(), [](uint8_t v) { return v != 0; });
    return set.empty() ? 0 : static_cast<double>(count) / static_cast<double>(set.size());
  }
  double share_in(const Box& box) const {
    int count = 0;
    for (int y = box.top; y < box.bottom; ++y) {
      for (int x = box.left; x < box.right; ++x) count += set[at(x, y)] != 0 ? 1 : 0;
    }
    return static_cast<double>(count) / ((box.right - box.left) * (box.bottom - box.top));
  }
};

/// The gray that most pixels of `box` have outside `words`: of the paper, or of a coloured box.
int background(const GrayImage& image, const Box& box, const Mask& words) {
  std::array<size_t, 16> counts{};
  for (int y = box.top; y < box.bottom; ++y) {
    for (int x = box.left; x < box.right; ++x) {
      if (words.set[words.at(x, y)] == 0) ++counts[image.gray[words.at(x, y)] / 16];
    }
  }
  const auto most = std::max_element(counts.begin(), counts.end()) - counts.begin();
  return std::min(255, static_cast<int>(most) * 16 + 12);
}

/// Pixels that stand out from `paper`; thin lines are pale at this size.
bool stands_out(int gray, int paper) { return std::abs(gray - paper) > 24; }

/// Share of the pixels of `box`, without its border and the words, that stand out from most. A
/// frame or a coloured box around text has next to none.
double activity(const GrayImage& image, const Box& box, const Mask& words) {
  constexpr int kBorder = 3;
  const Box inner{box.left + kBorder, box.top + kBorder, box.right - kBorder, box.bottom - kBorder};
  const int paper = background(image, inner, words);
  int active = 0;
  for (int y = inner.top; y < inner.bottom; ++y) {
    for (int x = inner.left; x < inner.right; ++x) {
      const size_t at = words.at(x, y);
      active += words.set[at] == 0 && stands_out(image.gray[at], paper) ? 1 : 0;
    }
  }
  const int area = (inner.right - inner.left) * (inner.bottom - inner.top);
  return area <= 0 ? 0 : static_cast<double>(active) / area;
}

/// Takes the pixels that hang together with (x, y) out of `mask` and returns their rectangle.
/// Gaps of one pixel are bridged.
Box take_component(Mask& mask, int x, int y) {
  Box box{x, y, x + 1, y + 1};
  std::vector<std::pair<int, int>> open = {{x, y}};
  mask.set[mask.at(x, y)] = 0;
  while (!open.empty()) {
    const auto [px, py] = open.back();
    open.pop_back();
    box = {std::min(box.left, px), std::min(box.top, py), std::max(box.right, px + 1),
           std::max(box.bottom, py + 1)};
    for (int ny = std::max(0, py - 2); ny <= std::min(mask.height - 1, py + 2); ++ny) {
      for (int nx = std::max(0, px - 2); nx <= std::min(mask.width - 1, px + 2); ++nx) {
        uint8_t& set = mask.set[mask.at(nx, ny)];
        if (set == 0) continue;
        set = 0;
        open.emplace_back(nx, ny);
      }
    }
  }
  return box;
}

/// Where words stand: their boxes, and the same with a pixel around, since letters reach out.
struct WordMasks {
  Mask boxes;
  Mask around;

  WordMasks(const GrayImage& image, const std::vector<Word>& words)
      : boxes(image.width, image.height), around(image.width, image.height) {
    for (const Word& word : words) {
      boxes.fill(pixels_of(word, image.width, image.height, 0));
      around.fill(pixels_of(word, image.width, image.height, 1));
    }
  }
};

/// Bars across the page are decoration; text in a frame is text.
bool is_graphic(const Box& box, const GrayImage& image, const WordMasks& words) {
  constexpr double kTextInFrame = 0.25;
  constexpr double kActive = 0.02;
  const int width = box.right - box.left;
  const int height = box.bottom - box.top;
  const int least = std::max(8, std::max(image.width, image.height) / 25);
  if (width < least || height < least) return false;
  const bool bar = (width * 20 > image.width * 19 && height * 5 < image.height) ||
                   (height * 20 > image.height * 19 && width * 5 < image.width);
  return !bar && words.boxes.share_in(box) < kTextInFrame &&
         activity(image, box, words.around) >= kActive;
}

}  // namespace

std::vector<LayoutLine> layout_lines(const std::vector<Word>& words, double aspect) {
  const std::vector<const Word*> placed = placed_words(words);
  if (placed.empty()) return {};
  const float height = median_height(placed);
  const float gap = height / static_cast<float>(aspect);
  std::vector<LayoutLine> lines;
  std::vector<const Word*> line;
  const Word* tallest = nullptr;
  for (const Word* word : placed) {
    const auto size = [](const Word* w) { return w->bottom - w->top; };
    // A heading beside several lines is of the first alone.
    if (!line.empty() &&
        center(*word) - center(*tallest) > 0.5F * std::min(size(tallest), 1.5F * height)) {
      lines.push_back(make_line(std::move(line), gap));
      line.clear();
    }
    if (line.empty() || size(word) > size(tallest)) tallest = word;
    line.push_back(word);
  }
  lines.push_back(make_line(std::move(line), gap));
  return lines;
}

double table_share(const std::vector<LayoutLine>& lines, double aspect) {
  constexpr size_t kReach = 4;  // lines up and down: cells of several lines stand between rows
  std::vector<uint8_t> in_table(lines.size(), 0);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!may_be_row(lines[i])) continue;
    const float tolerance = alignment_tolerance(lines[i], aspect);
    int rows = 0;
    for (size_t k = i - std::min(i, kReach); k < std::min(lines.size(), i + kReach + 1); ++k) {
      if (k == i || !may_be_row(lines[k])) continue;
      rows += aligned_cells(lines[i], lines[k], tolerance) >= 2 ? 1 : 0;
    }
    if (rows >= 2) in_table[i] = 1;
  }
  join_rows(lines, aspect, in_table);
  const auto inside = std::count(in_table.begin(), in_table.end(), uint8_t{1});
  return lines.empty() ? 0 : static_cast<double>(inside) / static_cast<double>(lines.size());
}

double graphic_share(const GrayImage& thumbnail, const std::vector<Word>& words) {
  const WordMasks text(thumbnail, words);
  const Box page{0, 0, thumbnail.width, thumbnail.height};
  const int paper = background(thumbnail, page, text.around);
  Mask dark(thumbnail.width, thumbnail.height);
  for (size_t i = 0; i < thumbnail.gray.size(); ++i) {
    dark.set[i] = text.around.set[i] == 0 && stands_out(thumbnail.gray[i], paper) ? 1 : 0;
  }
  Mask graphic(thumbnail.width, thumbnail.height);
  for (int y = 0; y < dark.height; ++y) {
    for (int x = 0; x < dark.width; ++x) {
      if (dark.set[dark.at(x, y)] == 0) continue;
      const Box box = take_component(dark, x, y);
      if (is_graphic(box, thumbnail, text)) graphic.fill(box);
    }
  }
  return graphic.share();
}

double ink_share(const GrayImage& thumbnail) {
  const auto dark = std::count_if(thumbnail.gray.begin(), thumbnail.gray.end(),
                                  [](uint8_t gray) { return gray < 200; });
  return thumbnail.gray.empty()
             ? 0
             : static_cast<double>(dark) / static_cast<double>(thumbnail.gray.size());
}

}  // namespace recto

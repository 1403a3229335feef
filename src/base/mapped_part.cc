#include "base/mapped_part.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/append_file.h"
#include "base/error.h"
#include "base/shrunk_file.h"

namespace recto {

MappedPart::MappedPart(const std::filesystem::path& path, int64_t offset, size_t size)
    : size_(size) {
  const FileReader file(path);
  const int64_t all = file.size();
  if (all < offset || static_cast<uint64_t>(all - offset) < size) {
    fail(ErrorCode::kBadInput, "{}: damaged: it ends at byte {}, before byte {}", path.string(),
         all, static_cast<uint64_t>(offset) + size);
  }
  if (size == 0) return;
  before_ = static_cast<size_t>(offset % ::sysconf(_SC_PAGESIZE));
  void* address = ::mmap(nullptr, before_ + size, PROT_READ, MAP_SHARED, file.descriptor(),
                         offset - static_cast<int64_t>(before_));
  if (address == MAP_FAILED) fail_errno(errno, fmt::format("cannot map {}", path.string()));
  address_ = static_cast<const std::byte*>(address);
  note_mapping(address_, before_ + size_, path.string());
}

MappedPart::~MappedPart() {
  if (address_ == nullptr) return;
  forget_mapping(address_);
  ::munmap(const_cast<std::byte*>(address_), before_ + size_);
}

}  // namespace recto

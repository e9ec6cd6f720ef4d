#include "zettasim/base/files.hpp"

#include <unistd.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <fstream>
#include <sstream>

#include "problems_of.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using test::problems_of;
using test::Texts;
namespace fs = std::filesystem;

namespace {

// An empty folder that goes away with the test.
class Folder {
 public:
  Folder() {
    static int made = 0;
    path_ = fs::temp_directory_path() / ("zettasim-files-" + std::to_string(::getpid()) + "-" + std::to_string(++made));
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(path_)) result.push_back(entry.path().filename());
    return result;
  }

 private:
  fs::path path_;
};

void put(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

template <class Compressor>
std::string packed(const std::string& text) {
  std::istringstream in(text);
  std::ostringstream out;
  boost::iostreams::filtering_ostream stream;
  stream.push(Compressor());
  stream.push(out);
  boost::iostreams::copy(in, stream);
  return out.str();
}
std::string gzip(const std::string& text) { return packed<boost::iostreams::gzip_compressor>(text); }
std::string zstd(const std::string& text) { return packed<boost::iostreams::zstd_compressor>(text); }

// Lines that do not repeat, so that the packed form is more than a few bytes.
std::string some_text() {
  std::string text;
  for (unsigned i = 0; i < 20'000; ++i) text += std::to_string(i * 2654435761U) + "\n";
  return text;
}

}  // namespace

TEST_CASE("a text written whole is read back byte for byte and nothing else is left", "[base]") {
  const Folder folder;
  const std::string text("a\0b\r\n\xff", 6);
  write_whole(folder / "out.txt", text);
  CHECK(read_text(folder / "out.txt") == text);
  write_whole(folder / "out.txt", "");
  CHECK(read_text(folder / "out.txt").empty());
  CHECK(folder.names() == Texts{"out.txt"});
}

TEST_CASE("writing makes the folders that are missing", "[base]") {
  const Folder folder;
  write_whole(folder / "a/b/c.txt", "x");
  CHECK(read_text(folder / "a/b/c.txt") == "x");
}

TEST_CASE("a path below a regular file cannot be written and the file stays as it was", "[base]") {
  const Folder folder;
  put(folder / "file", "old");
  const Texts texts = problems_of([&] { write_whole(folder / "file/below/out.txt", "new"); });
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].find("cannot be made") != std::string::npos);
  CHECK(problems_of([&] { write_whole(folder / "file/out.txt", "new"); }).size() == 1);
  CHECK(read_text(folder / "file") == "old");
  CHECK(folder.names() == Texts{"file"});
}

TEST_CASE("a path that is a directory cannot be written and no partial file stays beside it", "[base]") {
  const Folder folder;
  fs::create_directories(folder / "out/full");
  const Texts texts = problems_of([&] { write_whole(folder / "out", "new"); });
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].find("/out: cannot be written (") != std::string::npos);
  CHECK(folder.names() == Texts{"out"});
}

TEST_CASE("what is not there and what is no file are told apart", "[base]") {
  const Folder folder;
  CHECK(problems_of([&] { read_text(folder / "none"); }) == Texts{(folder / "none").string() + ": no such file"});
  CHECK(problems_of([&] { read_text(folder / ""); }) == Texts{(folder / "").string() + ": is not a regular file"});
  CHECK(problems_of([&] { read_text("/dev/zero"); }) == Texts{"/dev/zero: is not a regular file"});
}

TEST_CASE("a packed text reads like the plain one", "[base]") {
  const Folder folder;
  const std::string text = some_text();
  put(folder / "a.gz", gzip(text));
  put(folder / "a.zst", zstd(text));
  CHECK(read_text(folder / "a.gz") == text);
  CHECK(read_text(folder / "a.zst") == text);
  put(folder / "two.gz", gzip("one\n") + gzip("two\n"));
  put(folder / "two.zst", zstd("one\n") + zstd("two\n"));
  CHECK(read_text(folder / "two.gz") == "one\ntwo\n");
  CHECK(read_text(folder / "two.zst") == "one\ntwo\n");
}

TEST_CASE("a packed text that is cut off anywhere is refused and not read in part", "[base]") {
  const Folder folder;
  const std::string text = some_text();
  for (const auto& [name, bytes] : {std::pair{std::string("a.gz"), gzip(text)}, {"a.zst", zstd(text)}}) {
    for (const std::size_t kept : {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{12}, bytes.size() / 2,
                                   bytes.size() - 10, bytes.size() - 1}) {
      INFO(name << " cut to " << kept << " of " << bytes.size());
      put(folder / name, bytes.substr(0, kept));
      const Texts texts = problems_of([&] { read_text(folder / name); });
      CHECK(texts == Texts{(folder / name).string() + ": is not a whole " + fs::path(name).extension().string() +
                           " file (damaged or cut off)"});
    }
  }
}

TEST_CASE("a plain text under a packed name is refused", "[base]") {
  const Folder folder;
  for (const auto* name : {"a.gz", "a.zst"}) {
    put(folder / name, "{\"format\": \"zettasim-platform\"}");
    CHECK(problems_of([&] { read_text(folder / name); }).size() == 1);
  }
}

TEST_CASE("damaged packed bytes are refused", "[base]") {
  const Folder folder;
  std::string bytes = gzip(some_text());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  put(folder / "a.gz", bytes);
  CHECK(problems_of([&] { read_text(folder / "a.gz"); }).size() == 1);
}

// A million zeros pack into about a kilobyte: the limit counts what comes out.
TEST_CASE("a text beyond the size limit is refused whether packed or not", "[base]") {
  const Folder folder;
  const std::string zeros(1'000'000, '0');
  put(folder / "a.txt", zeros);
  put(folder / "a.gz", gzip(zeros));
  put(folder / "a.zst", zstd(zeros));
  for (const auto* name : {"a.txt", "a.gz", "a.zst"}) {
    INFO(name);
    const Texts texts = problems_of([&] { read_text(folder / name, 999'999); });
    REQUIRE(texts.size() == 1);
    CHECK(texts[0].find("holds more than 999999 bytes, the most that is read") != std::string::npos);
    CHECK(read_text(folder / name, 1'000'000).size() == 1'000'000);
  }
}

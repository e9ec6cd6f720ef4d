#include <algorithm>
#include <map>

#include "hand_made.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::report;
using test::HandMade;

namespace {

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

}  // namespace

TEST_CASE("the page fetches nothing and runs nothing", "[report]") {
  const std::string html = report_html(HandMade().run());
  for (const auto* word : {"http:", "https:", "<script", "<link", "<img", "<iframe", "@import", "url(",
                           "src=", "href=", "javascript", "onload"}) {
    INFO(word);
    CHECK(html.find(word) == std::string::npos);
  }
}

// 600 W is 22.4 % below 773 W, 900 W 16.4 % above.
TEST_CASE("the page tells how sure the figures are where they were drawn", "[report]") {
  const std::string html = report_html(HandMade().drawn_run());
  CHECK(html.find("<tr><td>mean power<td class=n>773 W<td class=n>600 W and 900 W<td class=n>800 W<td class=n>-22.4 % "
                  "to +16.4 %</tr>") != std::string::npos);
  CHECK(occurrences(html, "<p>") == occurrences(report_html(HandMade().run()), "<p>") + 1);
  for (const std::string tag : {"table", "p", "h2", "code", "tr"})
    CHECK(occurrences(html, "<" + tag + ">") + occurrences(html, "<" + tag + " ") ==
          occurrences(html, "</" + tag + ">"));
}

TEST_CASE("what the page opens it closes", "[report]") {
  const std::string html = report_html(HandMade().run());
  CHECK(occurrences(html, "<svg") == 2);
  for (const std::string tag :
       {"svg", "text", "table", "style", "title", "h1", "h2", "pre", "p", "span", "div", "b", "i", "html"}) {
    INFO(tag);
    const std::size_t opened = occurrences(html, "<" + tag + " ") + occurrences(html, "<" + tag + ">");
    CHECK(opened == occurrences(html, "</" + tag + ">"));
  }
  for (const std::string tag : {"line", "polygon"}) {
    for (auto at = html.find("<" + tag + " "); at != std::string::npos; at = html.find("<" + tag + " ", at + 1)) {
      const auto end = html.find('>', at);
      REQUIRE(end != std::string::npos);
      CHECK(html[end - 1] == '/');
    }
  }
}

TEST_CASE("names with signs of HTML are shown and not obeyed", "[report]") {
  HandMade made;
  const std::string evil = "<script>alert(\"1\")</script> & Co";
  made.machine.name = made.trace.name = evil;
  made.trace.applications[0].name = made.trace.applications[0].model = evil;
  made.record.busiest_links = {{evil, bytes(1e9), 0.5}};
  made.summarize();
  const std::string html = report_html(made.run());
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("& Co") == std::string::npos);
  CHECK(occurrences(html, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; Co") >= 4);
}

TEST_CASE("the charts hold finite numbers and the budget", "[report]") {
  const std::string html = report_html(HandMade().run());
  CHECK(html.find("budget 1.00 kW") != std::string::npos);
  CHECK(html.find("nan") == std::string::npos);
  CHECK(html.find("inf,") == std::string::npos);
  CHECK(html.find("inf\"") == std::string::npos);
}

TEST_CASE("a run of no time has a page without charts", "[report]") {
  HandMade made;
  made.record = {};
  made.trace.jobs.clear();
  made.summarize();
  const std::string html = report_html(made.run());
  CHECK(html.find("<svg") == std::string::npos);
  CHECK(html.ends_with("</html>\n"));
}

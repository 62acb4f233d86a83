"""What the scripts do for an ordinary user: nothing needs root where the packages are there, and where they are not,
an administrator is told the exact line. What the scripts call is replaced, so nothing is fetched."""
import os
import shutil
import stat
import subprocess

import pytest

from conftest import ROOT, environment

STUBS = {
    "id": 'case $* in -u) echo 1000 ;; *) echo anna ;; esac',
    "sudo": 'echo "sudo $*" >>"$CALLS"; exit 1',
    "dpkg-query": 'for name; do :; done; case " $MISSING " in *" $name "*) exit 1 ;; *) printf installed ;; esac',
    "apt-cache": 'echo "  Candidate: (none)"',
    "apt-get": '''case $* in *indextargets*) echo "Debian|Debian|http://debian.test/debian"; exit ;; esac
echo "${APT_CONFIG:-the system} apt-get $*" >>"$CALLS"
case $* in update) [ -n "${APT_CONFIG:-}" ] ;; *) echo "no network in this test"; exit 100 ;; esac''',
}


class Checkout:
    """The scripts in a folder of their own, before them on PATH the stubs."""

    def __init__(self, folder):
        self.folder, self.calls = folder, folder / "calls"
        shutil.copytree(ROOT / "script", folder / "script")
        (folder / "stubs").mkdir()
        for name, body in STUBS.items():
            self.program(folder / "stubs" / name, body)

    @staticmethod
    def program(path, body=""):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="ascii")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def build_is_there(self):
        self.program(self.folder / "build/engine/usr/bin/llama-server")
        for name in ("trantor", "drogon", "ftxui"):
            self.program(self.folder / f"build/deps/{name}.built")

    def run(self, script, *arguments, missing="", **more):
        path = f"{self.folder}/stubs:{os.environ['PATH']}"
        return subprocess.run([self.folder / "script" / script, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=60,
                              env=environment(PATH=path, CALLS=str(self.calls), MISSING=missing, **more))

    def called(self):
        return self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []


@pytest.fixture
def checkout(folder):
    return Checkout(folder)


@pytest.mark.parametrize("arguments", [[], ["--test"]])
def test_a_user_without_root_needs_none_where_all_is_there(checkout, arguments):
    checkout.build_is_there()
    done = checkout.run("bootstrap", *arguments, missing="llama.cpp-tools libdrogon-dev")
    assert (done.returncode, done.stderr) == (0, "")
    assert checkout.called() == []


@pytest.mark.parametrize("script, first", [("engine", "install -y --download-only llama.cpp-tools"), ("deps", "source --download-only trantor")], ids=["engine", "deps"])
def test_what_the_release_lacks_is_fetched_into_the_build_folder_without_root(checkout, script, first):
    checkout.run(script, missing="llama.cpp-tools libdrogon-dev libftxui-dev")
    own = f"{checkout.folder}/build/apt/apt.conf apt-get "
    assert checkout.called() == [own + "update", own + first]


@pytest.mark.parametrize("more, says", [({}, "error: packages are missing, and installing them needs root. Let an administrator run this line"),
                                        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "错误：缺少软件包，安装它们需要 root 权限。请管理员运行下面这一行")], ids=["en", "zh"])
def test_missing_packages_are_named_with_the_line_that_installs_them(checkout, more, says):
    done = checkout.run("bootstrap", missing="g++ libcurl4-openssl-dev", **more)
    assert done.returncode == 1
    message, line = done.stderr.strip().split("\n  ")
    assert message.startswith(says)
    assert line == "apt-get update && apt-get install -y --no-install-recommends g++ libcurl4-openssl-dev"
    assert checkout.called() == ["sudo -v"]


ROOMS = """room(core fmt::fmt)
room(net core)
room(store core
  SQLite::SQLite3)
"""
NO_PICTURE = "# The house\n\n```mermaid\n%% script/rooms --draw\n```\n"
IN_NAMESPACE = "namespace ai_bot {\n%s\n}"


def house(checkout, files, rooms=ROOMS):
    (checkout.folder / "CMakeLists.txt").write_text(rooms, encoding="utf-8")
    for name, text in files.items():
        path = checkout.folder / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    document = checkout.folder / "docs/development.md"
    document.parent.mkdir()
    document.write_text(NO_PICTURE, encoding="utf-8")
    checkout.run("rooms", "--draw")
    return document


@pytest.mark.parametrize("files, says", [
    ({"net/a.cc": '#include <string>\n#include "core/id.h"\n\n#include "store/store.h"\n'},
     'src/net/a.cc:4: #include "store/store.h": the room net may use core.'),
    ({"core/b.h": '#include "net/url.h"\n'}, 'src/core/b.h:1: #include "net/url.h": the room core may use no other room.'),
    ({"store/sqlite/c.cc": '  #  include "app/server.h"\n'}, 'src/store/sqlite/c.cc:1: #  include "app/server.h": the room store may use core.'),
    ({"net/a.cc": "#include <drogon/HttpRequest.h>\n", "store/b.h": "#include <drogon/HttpRequest.h>\n"},
     "src/store/b.h:1: #include <drogon/HttpRequest.h>: drogon is known in the room net alone."),
    ({"attic/d.h": ""}, "src/attic/d.h:1: src/attic is no room: CMakeLists.txt has no room(attic …)"),
    ({"net/a.h": IN_NAMESPACE % "struct Parts { int size; };", "store/b.h": IN_NAMESPACE % "\nclass Parts final : public Base {};"},
     "src/store/b.h:3: a class ai_bot::Parts is also at src/net/a.h:2;"),
    ({"net/a.h": IN_NAMESPACE % "template <class T>\nclass CAPABILITY(\"a {\") [[nodiscard]] Lock {};", "net/b.cc": IN_NAMESPACE % "enum class Lock : int { kOpen };"},
     "src/net/b.cc:2: a class ai_bot::Lock is also at src/net/a.h:2;"),
], ids=["upward", "nothing-below", "deeper-folder", "library", "no-room", "same-class", "same-name"])
def test_rooms_names_what_breaks_the_house(checkout, files, says):
    house(checkout, files)
    done = checkout.run("rooms")
    assert done.returncode == 1
    assert done.stderr.startswith(says) and done.stderr.count("\n") == 1


def test_rooms_takes_what_is_right(checkout):
    house(checkout, {
        "main.cc": '#include "cli/run.h"\n',
        "net/a.cc": '#include "net/a.h"\n#include "core/id.h"\n// #include "store/store.h"\nnamespace ai_bot {\nnamespace {\nstruct Parts {};\n}\n'
                    'struct Parts make() { return {}; }\n}\n',
        "net/a.h": IN_NAMESPACE % "class Store;\nstruct Url { struct Parts { char quote = '\"'; }; };\nenum class Phase { kStart };",
        "store/b.h": IN_NAMESPACE % "struct Parts {};\nstruct Store { struct Parts {}; };\nconst char* kText = R\"(struct Parts {)\";\n// struct Url {",
        "store/c.h": "namespace ai_bot::sqlite {\nstruct Parts {};\n}\nextern \"C\" {\nstruct Parts {};\n}\n"})
    done = checkout.run("rooms", "--strict")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_long_file_is_a_warning_and_an_error_when_strict(checkout):
    house(checkout, {"net/long.cc": "\n" * 301, "net/short.cc": "\n" * 300})
    says = "src/net/long.cc:301: of 301 lines; only a table of data has more than 300. Split it by idea\n"
    done = checkout.run("rooms")
    assert (done.returncode, done.stdout, done.stderr) == (0, "warning: " + says, "")
    done = checkout.run("rooms", "--strict")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", says)


def test_the_picture_of_the_rooms_is_drawn_from_the_includes_and_must_be_of_today(checkout):
    document = house(checkout, {"core/id.h": "", "net/url.h": '#include "core/id.h"\n', "store/a.h": '#include "core/id.h"\n',
                                "store/b.h": '#include "net/url.h"\n'}, ROOMS.replace("room(store core", "room(store net"))
    assert document.read_text(encoding="utf-8") == NO_PICTURE.replace("--draw\n", """--draw
flowchart TD
  store --> net
  net --> core
  core
""")
    assert checkout.run("rooms").returncode == 0
    (checkout.folder / "src/store/b.h").unlink()
    done = checkout.run("rooms")
    assert (done.returncode, done.stderr) == (1, "docs/development.md:5: the picture is not of what is included now: run script/docs\n")
    document.write_text("# The house\n", encoding="utf-8")
    assert checkout.run("rooms").stderr.startswith("docs/development.md:1: has no picture of the rooms")


@pytest.mark.skipif(shutil.which("clang++") is None, reason="needs clang++")
@pytest.mark.parametrize("body, wrong", [
    ("return count_;", "reading variable 'count_' requires holding mutex 'mutex_'"),
    ("ai_bot::MutexLock lock(mutex_); lock.unlock(); return count_;", "reading variable 'count_' requires holding mutex 'mutex_'"),
    ("return locked();", "calling function 'locked' requires holding mutex 'mutex_' exclusively"),
    ("ai_bot::MutexLock lock(mutex_); lock.unlock(); lock.lock(); return count_ + locked();", None),
    ("const auto read = [this] { mutex_.assert_held(); return count_; }; ai_bot::MutexLock lock(mutex_); return read();", None),
], ids=["member", "given-back", "function", "held", "lambda"])
def test_clang_sees_whether_the_lock_of_a_member_is_held(folder, body, wrong):
    file = folder / "count.cc"
    file.write_text("""#include "core/mutex.h"
class Count {
 public:
  int get() { %s }
 private:
  int locked() REQUIRES(mutex_) { return count_; }
  ai_bot::Mutex mutex_;
  int count_ GUARDED_BY(mutex_) = 0;
};
int main() { return Count().get(); }
""" % body, encoding="utf-8")
    done = subprocess.run(["clang++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wthread-safety",
                           f"-I{ROOT}/src", file], capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert (wrong in done.stderr if wrong else done.stderr == ""), done.stderr
    assert done.returncode == (1 if wrong else 0)

// module_of: files, addresses in them and build-ids, from the maps alone.
#include "debug/stack/modules.h"
#include "debug/stack/modules_seen.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/child.h"

namespace {

namespace fs = std::filesystem;

uintptr_t address_of(const void* p) { return reinterpret_cast<uintptr_t>(p); }

// What the dynamic linker says about the object that holds `address`.
struct loaded {
    uintptr_t address;
    uintptr_t bias = 0;
    std::string build_id;
};

std::string build_id_in(const char* note, size_t bytes) {
    for (const char* end = note + bytes; note + sizeof(ElfW(Nhdr)) < end;) {
        const auto* header = reinterpret_cast<const ElfW(Nhdr)*>(note);
        const char* name = note + sizeof *header;
        const char* content = name + ((header->n_namesz + 3) & ~3u);
        if (header->n_type == NT_GNU_BUILD_ID && std::string(name) == "GNU") return {content, header->n_descsz};
        note = content + ((header->n_descsz + 3) & ~3u);
    }
    return "";
}

int look(dl_phdr_info* object, size_t, void* context) {
    auto* out = static_cast<loaded*>(context);
    bool inside = false;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr)& h = object->dlpi_phdr[i];
        inside |= h.p_type == PT_LOAD && out->address - (object->dlpi_addr + h.p_vaddr) < h.p_memsz;
    }
    if (!inside) return 0;
    out->bias = object->dlpi_addr;
    for (size_t i = 0; i < object->dlpi_phnum && out->build_id.empty(); i++) {
        const ElfW(Phdr)& h = object->dlpi_phdr[i];
        if (h.p_type != PT_NOTE || h.p_align != 4) continue;
        out->build_id = build_id_in(reinterpret_cast<const char*>(object->dlpi_addr + h.p_vaddr), h.p_memsz);
    }
    return 1;
}

loaded loaded_at(uintptr_t address) {
    loaded found{address, 0, ""};
    dl_iterate_phdr(look, &found);
    return found;
}

std::string build_id_of(const kslab::module_place& place) {
    return {reinterpret_cast<const char*>(place.build_id), place.build_id_length};
}

void expect_as_loaded(uintptr_t address) {
    loaded known = loaded_at(address);
    kslab::module_place place = kslab::module_of(address);
    ASSERT_NE(place.path, nullptr);
    EXPECT_EQ(place.offset, address - known.bias);
    EXPECT_EQ(build_id_of(place), known.build_id);
    EXPECT_FALSE(known.build_id.empty());
}

TEST(modules, own_code) {
    expect_as_loaded(address_of(reinterpret_cast<void*>(&look)));
    EXPECT_EQ(std::string(kslab::module_of(address_of(reinterpret_cast<void*>(&look))).path),
              fs::read_symlink("/proc/self/exe").string());
}

TEST(modules, own_data) {
    static int variable = 1;
    EXPECT_EQ(kslab::module_of(address_of(&variable)).offset,
              address_of(&variable) - loaded_at(address_of(&variable)).bias);
}

TEST(modules, libc) {
    void* function = dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
    expect_as_loaded(address_of(function));
    EXPECT_NE(std::string(kslab::module_of(address_of(function)).path).find("libc"), std::string::npos);
}

TEST(modules, vdso) {
    uintptr_t start = getauxval(AT_SYSINFO_EHDR);
    if (start == 0) GTEST_SKIP() << "no vDSO";
    kslab::module_place place = kslab::module_of(start + 0x10);
    ASSERT_NE(place.path, nullptr);
    EXPECT_EQ(std::string(place.path), "[vdso]");
    EXPECT_EQ(place.offset, 0x10u);
    EXPECT_NE(place.build_id_length, 0u);
}

TEST(modules, generated_code) {
    kslab::module_of(address_of(reinterpret_cast<void*>(&look)));  // the maps are known; this is new
    char* code = static_cast<char*>(mmap(nullptr, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(code, MAP_FAILED);
    kslab::module_place place = kslab::module_of(address_of(code + 0x20));
    EXPECT_EQ(std::string(place.path), "[anon]");
    EXPECT_EQ(place.build_id_length, 0u);
}

TEST(modules, no_mapping_and_no_code) {
    EXPECT_EQ(kslab::module_of(0x10).path, nullptr);
    EXPECT_EQ(kslab::module_of(0x10).offset, 0x10u);
    EXPECT_EQ(kslab::module_of(~uintptr_t{0}).path, nullptr);
    int on_stack = 0;
    EXPECT_EQ(kslab::module_of(address_of(&on_stack)).path, nullptr);
}

// A copy of a library, mapped by hand as a loader would do it, so that it can be spoilt.
class copied_library : public ::testing::Test {
protected:
    void SetUp() override {
        std::string from = kslab::module_of(address_of(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"))).path;
        path_ = fs::temp_directory_path() / ("kslab-modules-" + std::to_string(getpid()) + ".so");
        fs::copy_file(from, path_, fs::copy_options::overwrite_existing);
        expected_id_ = loaded_at(address_of(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"))).build_id;
        int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
        start_ = static_cast<char*>(mmap(nullptr, kBytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
        close(fd);
        ASSERT_NE(start_, MAP_FAILED);
    }
    // The mapping stays, so that each test has its own addresses.
    void TearDown() override { fs::remove(path_); }

    static constexpr size_t kBytes = 0x10000;
    fs::path path_;
    char* start_ = nullptr;
    std::string expected_id_;
};

TEST_F(copied_library, deleted) {
    fs::remove(path_);
    kslab::module_place place = kslab::module_of(address_of(start_ + 0x1234));
    EXPECT_EQ(std::string(place.path), path_.string());
    EXPECT_EQ(place.offset, 0x1234u);
    EXPECT_EQ(build_id_of(place), expected_id_);
}

TEST_F(copied_library, unreadable_header) {
    ASSERT_EQ(mprotect(start_, 4096, PROT_NONE), 0);
    kslab::module_place place = kslab::module_of(address_of(start_ + 0x1234));
    EXPECT_EQ(std::string(place.path), path_.string());
    EXPECT_EQ(place.offset, 0x1234u);
    EXPECT_EQ(place.build_id_length, 0u);
}

// Stacks are remembered longer than what they led through.
TEST(modules_seen, after_dlclose) {
    kslab::modules_boot();
    std::string from = kslab::module_of(address_of(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"))).path;
    fs::path copy = fs::temp_directory_path() / ("kslab-seen-" + std::to_string(getpid()) + ".so");
    fs::copy_file(fs::path(from).parent_path() / "libm.so.6", copy, fs::copy_options::overwrite_existing);
    void* library = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    uintptr_t address = address_of(dlsym(library, "lgamma"));
    loaded known = loaded_at(address);
    kslab::module_place place{};
    if (dlsym(RTLD_DEFAULT, "_dl_find_object") == nullptr) GTEST_SKIP() << "glibc 2.34";
    EXPECT_FALSE(kslab::module_seen_at(address, place));
    uintptr_t frames[] = {address, 0x10, address + 1};
    kslab::modules_note(frames, 3);
    ASSERT_TRUE(kslab::module_seen_at(address, place));
    ASSERT_EQ(dlclose(library), 0);
    fs::remove(copy);
    place = kslab::module_of(address);
    ASSERT_NE(place.path, nullptr);
    EXPECT_EQ(std::string(place.path), copy.string());
    EXPECT_EQ(place.offset, address - known.bias);
    EXPECT_EQ(build_id_of(place), known.build_id);
    EXPECT_EQ(kslab::module_of(0x10).path, nullptr);
    // What lies there now counts.
    void* code = mmap(reinterpret_cast<void*>(address & ~uintptr_t{4095}), 4096, PROT_READ | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    ASSERT_NE(code, MAP_FAILED);
    EXPECT_EQ(std::string(kslab::module_of(address).path), "[anon]");
}

TEST_F(copied_library, another_file_at_the_same_place) {
    uintptr_t address = address_of(start_ + 0x1234);
    EXPECT_EQ(std::string(kslab::module_of(address).path), path_.string());
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    void* again = mmap(start_, kBytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0);
    close(fd);
    ASSERT_EQ(again, start_);
    EXPECT_EQ(std::string(kslab::module_of(address).path), fs::read_symlink("/proc/self/exe").string());
}

TEST(modules, file_of_data_is_none) {
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    char* data = static_cast<char*>(mmap(nullptr, 8192, PROT_READ, MAP_PRIVATE, fd, 0));
    close(fd);
    EXPECT_EQ(kslab::module_of(address_of(data)).path, nullptr);
    munmap(data, 8192);
}

TEST(modules, hundreds_of_mappings) {
    constexpr size_t kMappings = 2000;
    char* pages = static_cast<char*>(
        mmap(nullptr, kMappings * 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (size_t i = 0; i < kMappings; i++) mprotect(pages + i * 8192, 4096, PROT_NONE);
    expect_as_loaded(address_of(dlsym(RTLD_DEFAULT, "gnu_get_libc_version")));
    expect_as_loaded(address_of(reinterpret_cast<void*>(&look)));
    munmap(pages, kMappings * 8192);
}

// More code than the table holds: what fits is known, the rest is nothing, and nothing breaks.
TEST(modules, more_than_the_table_holds) {
    constexpr size_t kRegions = 1500;
    char* pages = static_cast<char*>(
        mmap(nullptr, kRegions * 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (size_t i = 0; i < kRegions; i++) mprotect(pages + i * 8192, 4096, PROT_READ | PROT_EXEC);
    size_t known = 0;
    for (size_t i = 0; i < kRegions; i += 10) known += kslab::module_of(address_of(pages + i * 8192)).path != nullptr;
    EXPECT_GT(known, 20u);
    munmap(pages, kRegions * 8192);
    expect_as_loaded(address_of(reinterpret_cast<void*>(&look)));
}

TEST(modules, what_is_known_outlives_proc) {
    kslab::modules_boot();
    test::outcome result = test::in_fork([] {
        if (chroot(fs::temp_directory_path().c_str()) != 0) _exit(77);
        kslab::module_of(0x10);
        if (kslab::module_of(address_of(reinterpret_cast<void*>(&look))).path == nullptr) _exit(1);
    });
    if (result.exit_code == 77) GTEST_SKIP() << "needs root";
    EXPECT_EQ(result.exit_code, 0);
}

TEST(modules, without_proc_nothing_is_known) {
    test::outcome result = test::in_fork([] {
        if (chroot(fs::temp_directory_path().c_str()) != 0) _exit(77);
        // Not known from before the change of root.
        void* code = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (kslab::module_of(address_of(code)).path != nullptr) _exit(1);
    });
    if (result.exit_code == 77) GTEST_SKIP() << "needs root";
    EXPECT_EQ(result.exit_code, 0);
}

}  // namespace

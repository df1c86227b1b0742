// Cache names in KSLAB_DEBUG that look like size classes and are none.
#include "config/debug_names.h"

#include <gtest/gtest.h>

#include <string>

#include "kslab/kslab.h"

extern "C" char kslab_last_report[];

namespace {

using namespace kslab;

std::string said_of(const char* value, size_profile profile = size_profile::odd) {
    debug_switches switches;
    size_t at;
    EXPECT_EQ(debug_switches_parse(switches, value, at), nullptr);
    kslab_last_report[0] = '\0';
    unsigned wrong = debug_names_check(switches, make_size_classes(profile, slab_geometry::kslab, kFastMaximum));
    EXPECT_EQ(wrong != 0, kslab_last_report[0] != '\0') << value;
    std::string said = kslab_last_report;
    return said.empty() ? "" : said.substr(sizeof "kslab: KSLAB_DEBUG: no size class is called " - 1);
}

TEST(debug_names, classes_and_caches_of_programs_pass) {
    for (const char* value : {"1", "FZ,kmalloc-48", "FZ,kmalloc-*", "FZ,kmalloc-large;P", "FZ,kmalloc-1*", "FZ,k*", "F,*",
                              "FZ,dentry,inode_cache", "FZ,my-64", "FZ,kmalloc-user", "FZ,pool-65", "F,kmem_cache"})
        EXPECT_EQ(said_of(value), "") << value;
}

TEST(debug_names, slips) {
    EXPECT_EQ(said_of("FZPU,kmaloc-48"), "kmaloc-48; did you mean kmalloc-48?\n");
    EXPECT_EQ(said_of("FZ,Kmalloc-64"), "Kmalloc-64; did you mean kmalloc-64?\n");
    EXPECT_EQ(said_of("FZ,kmalloc-lareg"), "kmalloc-lareg; did you mean kmalloc-large?\n");
    EXPECT_EQ(said_of("FZ,kmaloc-*"), "kmaloc-*; did you mean kmalloc-*?\n");
    EXPECT_EQ(said_of("FZ,kmalloc"), "kmalloc; did you mean kmalloc-*?\n");
    EXPECT_EQ(said_of("FZ,kmalloc-0*"), "kmalloc-0*; did you mean kmalloc-*?\n");
}

TEST(debug_names, sizes_that_are_no_class) {
    EXPECT_EQ(said_of("FZ,kmalloc-65"), "kmalloc-65; objects of 65 bytes are in kmalloc-80\n");
    EXPECT_EQ(said_of("FZ,kmaloc-65"), "kmaloc-65; objects of 65 bytes are in kmalloc-80\n");
    EXPECT_EQ(said_of("FZ,kmalloc-100000"), "kmalloc-100000; objects of 100000 bytes are in kmalloc-large\n");
    // Depends on the profile.
    EXPECT_EQ(said_of("FZ,kmalloc-48", size_profile::kmalloc), "kmalloc-48; objects of 48 bytes are in kmalloc-64\n");
}

TEST(debug_names, every_name_of_every_block) {
    EXPECT_EQ(said_of("FZ,kmalloc-64,dentry;P,kmaloc-32"), "kmaloc-32; did you mean kmalloc-32?\n");
}

}  // namespace

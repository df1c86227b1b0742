#include "base/list.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

using kslab::list_head;

struct item {
    int number;
    list_head link;
};

class list_test : public testing::Test {
protected:
    void SetUp() override {
        head.init();
        for (int i = 0; i < 4; i++) items[i].number = i;
    }

    // Walked both ways: a broken prev shows as well as a broken next.
    std::vector<int> numbers() {
        std::vector<int> forward, backward;
        for (list_head* at = head.next; at != &head; at = at->next)
            forward.push_back(KSLAB_CONTAINER_OF(at, item, link)->number);
        for (list_head* at = head.prev; at != &head; at = at->prev)
            backward.insert(backward.begin(), KSLAB_CONTAINER_OF(at, item, link)->number);
        EXPECT_EQ(forward, backward);
        return forward;
    }

    list_head head;
    item items[4];
};

TEST_F(list_test, add_puts_at_the_head_and_add_tail_at_the_tail) {
    EXPECT_TRUE(head.empty());
    head.add(&items[1].link);
    head.add(&items[0].link);
    head.add_tail(&items[2].link);
    EXPECT_FALSE(head.empty());
    EXPECT_EQ(numbers(), (std::vector<int>{0, 1, 2}));
}

TEST_F(list_test, del_unlinks_anywhere) {
    for (item& i : items) head.add_tail(&i.link);
    list_head::del(&items[1].link);
    EXPECT_EQ(numbers(), (std::vector<int>{0, 2, 3}));
    list_head::del(&items[3].link);
    EXPECT_EQ(numbers(), (std::vector<int>{0, 2}));
    list_head::del(&items[0].link);
    list_head::del(&items[2].link);
    EXPECT_TRUE(head.empty());
}

TEST_F(list_test, a_deleted_entry_points_nowhere_and_can_be_added_again) {
    head.add(&items[0].link);
    list_head::del(&items[0].link);
    EXPECT_EQ(items[0].link.next, nullptr);
    EXPECT_EQ(items[0].link.prev, nullptr);
    head.add_tail(&items[0].link);
    EXPECT_EQ(numbers(), (std::vector<int>{0}));
}

}  // namespace

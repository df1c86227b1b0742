# shellcheck shell=bash
# PHP, which loads its extensions with RTLD_DEEPBIND: they free what the program allocated. Zend's own allocator is off.
#
# tier: full
# timeout: 90
# packages: php-cli
# commands: php

prepare() {
    cat > work.php << 'END'
<?php
mt_srand(7);
function churn(int $rounds): int {
    $live = [];
    $sum = 0;
    for ($i = 0; $i < $rounds; $i++) {
        $slot = mt_rand(0, 3000);
        $live[$slot] = ['n' => $i, 's' => str_repeat('x', mt_rand(0, 200)), 'o' => (object) ['name' => "n$i"]];
        if ($i % 5 == 0) unset($live[mt_rand(0, 3000)]);
    }
    foreach ($live as $one) $sum += strlen($one['s']) + $one['n'] + strlen($one['o']->name);
    return $sum;
}
echo churn(60000), "\n";
$words = [];
for ($i = 0; $i < 40000; $i++) $words[] = dechex(mt_rand());
sort($words);
echo $words[0], ' ', md5(implode(',', $words)), "\n";
$text = json_encode(array_map(fn($w) => ['w' => $w, 'l' => strlen($w)], array_slice($words, 0, 20000)));
echo md5($text), ' ', count(json_decode($text, true)), "\n";
echo preg_match_all('/[a-f]+([0-9]+)/', $text, $found), ' ', strlen(gzcompress($text, 9)) > 0 ? 'packed' : '', "\n";
echo count(token_get_all('<?php function f($a) { return $a . "b"; }')), ' ', ctype_alpha('abc') ? 'ctype' : '', "\n";
function counted(int $n) { for ($i = 0; $i < $n; $i++) yield "k$i" => str_repeat('y', $i % 50); }
$length = 0;
foreach (counted(30000) as $key => $value) $length += strlen($key) + strlen($value);
echo $length, "\n";
try { throw new RuntimeException('wanted'); } catch (Exception $e) { echo $e->getMessage(), "\n"; }
// The point of it: extensions that are libraries.
foreach (['pdo', 'phar', 'tokenizer'] as $name)
    echo $name, str_contains(file_get_contents('/proc/self/maps'), "/$name.so") ? ' is a library' : ' IS NOT LOADED', "\n";
END
}

workload() {
    USE_ZEND_ALLOC=0 php "$work/input/work.php" > out
    cat out
    if grep -q 'IS NOT LOADED' out; then return 3; fi
    php "$work/input/work.php" > out
    tail -2 out
}

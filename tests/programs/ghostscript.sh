# shellcheck shell=bash
# Ghostscript: PostScript to PDF, PDF to pictures in several devices, text extraction.
#
# tier: all
# timeout: 180
# packages: ghostscript
# commands: gs

prepare() {
    cat > page.ps << 'END'
%!PS-Adobe-3.0
/Helvetica findfont 9 scalefont setfont
/seed 7 def
/rnd { /seed seed 1103 mul 12345 add 65536 mod def seed exch mod } def
1 1 6 { /page exch def
  0 1 60 { /row exch def
    40 780 row 12 mul sub moveto
    (page ) show page 10 string cvs show ( row ) show row 10 string cvs show ( value ) show 10000 rnd 10 string cvs show
    3 rnd 3 div 5 rnd 5 div 7 rnd 7 div setrgbcolor
    300 rnd 200 add 780 rnd 20 rnd 3 add 0 360 arc fill
    newpath 500 rnd 700 rnd moveto 500 rnd 700 rnd 500 rnd 700 rnd 500 rnd 700 rnd curveto stroke
    0 setgray
  } for
  << /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 600 800] /Function << /FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0 1] /N 1 >> >>
  gsave 100 100 200 200 rectclip shfill grestore
  % Dictionaries and strings that come and go, for the interpreter's own collector.
  1 1 3000 { dup 10 dict dup 3 -1 roll 50 string put pop } for
  showpage
} for
END
}

draw() { gs -q -dSAFER -dBATCH -dNOPAUSE "$@" < /dev/null; }

workload() {
    # No dates and random identifiers, so that the bytes are comparable.
    draw -sDEVICE=pdfwrite -dDeterministic=true -o page.pdf "$work/input/page.ps"
    draw -sDEVICE=png16m -r100 -dTextAlphaBits=4 -dGraphicsAlphaBits=4 -o 'page-%d.png' page.pdf
    draw -sDEVICE=pnggray -r72 -dNumRenderingThreads=2 -dBufferSpace=2000000 -o 'band-%d.png' page.pdf
    draw -sDEVICE=pbmraw -r150 -o 'page-%d.pbm' "$work/input/page.ps"
    draw -sDEVICE=txtwrite -o page.txt page.pdf
    draw -sDEVICE=bbox -o - page.pdf 2>&1
    # Dates and identifiers in the PDF differ between any two runs.
    rm page.pdf
    ls
    # An error in the middle ends with the same message.
    { echo '1 0 div' | gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=nullpage - 2>&1 || echo "status $?"; } | sed -n '1,2p;$p'
}

#include "tools/dwarf_frames.h"

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstdlib>
#include <vector>

namespace tools {

namespace {

// The unit that contains `address`. Not all compilers write the index that libdw looks into.
Dwarf_Die* unit_of(Dwfl_Module* module, Dwarf_Addr address, Dwarf_Addr& bias) {
    if (Dwarf_Die* unit = dwfl_module_addrdie(module, address, &bias)) return unit;
    Dwarf_Die* unit = nullptr;
    while ((unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr)
        if (dwarf_haspc(unit, address - bias) > 0) return unit;
    return nullptr;
}

std::string function_name(Dwarf_Die* die) {
    Dwarf_Attribute attribute;
    for (unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name})
        if (dwarf_attr_integrate(die, name, &attribute) != nullptr)
            if (const char* text = dwarf_formstring(&attribute); text != nullptr && text[0] == '_') {
                // Not names that assembly has given to functions of C.
                std::string name_in_source = demangled(text);
                if (name_in_source != text) return name_in_source;
            }
    const char* plain = dwarf_diename(die);
    return plain == nullptr ? "" : plain;
}

// With the directory of the unit in front, unless it is absolute; or no directory is, as in distributions' packages.
std::string full_path(Dwarf_Die* unit, const char* file) {
    if (file == nullptr) return "";
    std::string path = file;
    Dwarf_Attribute attribute;
    if (path.starts_with('/') || dwarf_attr(unit, DW_AT_comp_dir, &attribute) == nullptr) return path;
    const char* directory = dwarf_formstring(&attribute);
    return directory == nullptr || directory[0] != '/' ? path : std::string(directory) + "/" + path;
}

int number_of(Dwarf_Die* die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (dwarf_attr(die, name, &attribute) == nullptr || dwarf_formudata(&attribute, &value) != 0) return 0;
    return static_cast<int>(value);
}

// Where an inlined function was called.
void call_site(Dwarf_Die* unit, Dwarf_Die* inlined, source_frame& out) {
    Dwarf_Files* files = nullptr;
    size_t count = 0;
    size_t index = static_cast<size_t>(number_of(inlined, DW_AT_call_file));
    out.line = number_of(inlined, DW_AT_call_line);
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && index < count)
        out.file = full_path(unit, dwarf_filesrc(files, index, nullptr, nullptr));
}

bool may_hold_functions(int tag) {
    return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
}

// Appends the functions around the address, the outermost first: a concrete one, then what was inlined into it.
// False: there is none.
bool functions_around(Dwarf_Die* parent, Dwarf_Addr address, std::vector<Dwarf_Die>& out) {
    Dwarf_Die child;
    if (dwarf_child(parent, &child) != 0) return false;
    do {
        int tag = dwarf_tag(&child);
        if (may_hold_functions(tag)) {
            if (functions_around(&child, address, out)) return true;
        } else if (dwarf_haspc(&child, address) > 0) {
            bool function = tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
            if (function) out.push_back(child);
            return functions_around(&child, address, out) || function;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
}

}  // namespace

std::string demangled(const char* name) {
    int status = 0;
    char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
    std::string result = text == nullptr ? name : text;
    free(text);
    return result;
}

source_frames dwarf_frames(Dwfl_Module* module, Dwarf_Addr address) {
    Dwarf_Addr bias = 0;
    Dwarf_Die* unit = unit_of(module, address, bias);
    if (unit == nullptr) return {};

    source_frame here;
    if (Dwarf_Line* line = dwarf_getsrc_die(unit, address - bias)) {
        here.file = full_path(unit, dwarf_linesrc(line, nullptr, nullptr));
        dwarf_lineno(line, &here.line);
    }
    source_frames frames;
    std::vector<Dwarf_Die> functions;
    functions_around(unit, address - bias, functions);
    for (size_t i = functions.size(); i-- > 0;) {
        here.function = function_name(&functions[i]);
        frames.push_back(here);
        here = source_frame{};
        call_site(unit, &functions[i], here);
    }
    if (frames.empty() && !here.file.empty()) frames.push_back(here);
    return frames;
}

}  // namespace tools

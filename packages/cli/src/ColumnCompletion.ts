/**
 * Completes the columns of a file: `aelyst import leads.csv --ignore <Tab>` offers those of `leads.csv`, and `--map` the fields
 * first. The generated scripts know only fixed words, so their calls for one placeholder are replaced by a function of each
 * shell that asks `aelyst mapping <file> --columns`.
 */

/** Stands for the columns of the file that the command line names. */
export const columnsOfFile = "__columns_of_file__"

/** Stands for the fields of a contact, each followed by a column of the file. */
export const fieldsOfFile = "__fields_of_file__"

const fields =
  "identifier firstName lastName fullName email phone dialingCode language countryCode profilePic"

const bash = `
_aelyst--columns()
{
  local _cur="$1" _word="$2" _file _name _prefix="" _names=()
  if [[ "$prev" == --map ]]; then
    if [[ "$_cur" != *=* ]]; then
      for _name in ${fields}; do _names+=("$_name="); done
      compopt -o nospace 2>/dev/null
      _aelyst--choices "$_cur" "$_word" "\${_names[@]}"
      return
    fi
    _prefix="\${_cur%%=*}="
    _prefix=\${_prefix//[\\"\\']/}
  fi
  for _file in "\${words[@]:2}" ""; do [[ -f "$_file" ]] && break; done
  [[ -n "$_file" ]] || return
  while IFS= read -r _name; do _names+=("$_prefix$_name"); done < <(aelyst mapping "$_file" --columns 2>/dev/null)
  _aelyst--choices "$_cur" "$_word" "\${_names[@]}"
}
`

const zsh = `
_aelyst_columns() {
  local file
  local -a names
  for file in \${(Q)words[2,-1]} ""; do [[ -f $file ]] && break; done
  [[ -n $file ]] || return 1
  names=("\${(@f)$(aelyst mapping $file --columns 2>/dev/null)}")
  compadd -a names
}

_aelyst_fields() {
  local -a names
  if compset -P '*='; then
    _aelyst_columns
  else
    names=(${fields})
    compadd -S '=' -a names
  fi
}
`

const fish = `
function __aelyst_columns
  for file in (commandline -opc)[3..]
    if test -f $file
      aelyst mapping $file --columns 2>/dev/null
      return
    end
  end
end

function __aelyst_fields
  for field in ${fields}
    echo $field=
    for column in (__aelyst_columns)
      echo $field=$column
    end
  end
end
`

/** Replaces the placeholders in the script of a shell. PowerShell has no function for them, and offers nothing. */
export const withColumns = (shell: string, script: string): string => {
  switch (shell) {
    case "bash":
      return script
        .replaceAll(
          new RegExp(`_aelyst--choices (.*) '(?:${columnsOfFile}|${fieldsOfFile})'`, "g"),
          "_aelyst--columns $1",
        )
        .replace("\n_aelyst()\n", () => `${bash}\n_aelyst()\n`)
    case "zsh":
      return script
        .replaceAll(`:(${columnsOfFile})`, ":_aelyst_columns")
        .replaceAll(`:(${fieldsOfFile})`, ":_aelyst_fields")
        .replace("\n_aelyst() {\n", () => `${zsh}\n_aelyst() {\n`)
    case "fish":
      return (
        fish.trimStart() +
        script
          .replaceAll(`'${columnsOfFile}'`, "'(__aelyst_columns)'")
          .replaceAll(`'${fieldsOfFile}'`, "'(__aelyst_fields)'")
      )
    default:
      return script.replaceAll(`'${columnsOfFile}'`, "").replaceAll(`'${fieldsOfFile}'`, "")
  }
}

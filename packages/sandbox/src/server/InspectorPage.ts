/** The inspector's page, written by scripts/inspector.mjs from the sources beside this folder. */

/** What the page may do: its own script and style by their hashes, and requests to where it came from. */
export const policy =
  "default-src 'none'; script-src 'sha256-9FXNBF9tI0l0jE6L2i5ojLz32m1Mu27U/rh1l62j9FA='; style-src 'sha256-r1vNTvamtcdmvkbtyDkmJKI4TGi6Gx5STCl1p0YE11w='; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<title>Aelyst sandbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<link rel="icon" href="data:," />
<style>:root{color-scheme:light dark;--back: #fff;--soft: #f4f5f7;--line: #d5d9df;--text: #1b1f24;--quiet: #525c66;--accent: #0b57d0;--chosen: #e4edfb;--ok: #116329;--refused: #7a4f00;--limited: #9a3412;--failed: #c1121f;--cut: #6e3fa3}@media(prefers-color-scheme:dark){:root{--back: #14171b;--soft: #1d2126;--line: #363c44;--text: #e6e9ed;--quiet: #a3adb8;--accent: #8ab4f8;--chosen: #22334d;--ok: #57c774;--refused: #e0b03c;--limited: #ff9a5c;--failed: #ff7b80;--cut: #c79bf2}}*{box-sizing:border-box}[hidden]{display:none!important}html,body{height:100%;margin:0}body{display:flex;flex-direction:column;background:var(--back);color:var(--text);font:14px/1.45 system-ui,sans-serif}code,pre,.mono,.row{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px}header{display:flex;flex-wrap:wrap;align-items:center;gap:10px 24px;padding:10px 16px;background:var(--soft);border-bottom:1px solid var(--line)}.brand{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 10px}h1{margin:0;font-size:16px}h2{margin:16px 0 8px;font-size:14px}.pill{padding:0 8px;border:1px solid currentcolor;border-radius:10px;font-size:12px;color:var(--quiet)}.pill.on{color:var(--ok)}.pill.off{color:var(--failed)}.rate{width:190px}#gauge-text{font-size:12px}#gauge{height:10px;border:1px solid var(--line);border-radius:5px;background:var(--back);overflow:hidden}#gauge-bar{height:100%;width:100%;background:var(--ok);transition:width .15s}#gauge.low #gauge-bar{background:var(--limited)}#gauge.empty{border-color:var(--limited)}.strip{flex:1;min-width:240px;margin:0}.strip svg{display:block;width:100%;height:40px;background:var(--back);border:1px solid var(--line);border-radius:4px}figcaption{display:flex;flex-wrap:wrap;gap:0 12px;font-size:12px}.ok{color:var(--ok)}.refused{color:var(--refused)}.limited{color:var(--limited)}.failed{color:var(--failed)}.cut{color:var(--cut)}rect.ok{fill:var(--ok)}rect.refused{fill:var(--refused)}rect.limited{fill:var(--limited)}rect.failed{fill:var(--failed)}rect.cut{fill:var(--cut)}.waiting,.hint{color:var(--quiet)}.actions{display:flex;gap:8px}button,input,select{font:inherit;color:inherit;background:var(--back);border:1px solid var(--line);border-radius:5px;padding:4px 10px;min-height:30px}button{cursor:pointer}button:hover{border-color:var(--accent)}button[aria-pressed=true]{background:var(--accent);border-color:var(--accent);color:var(--back)}:focus-visible{outline:2px solid var(--accent);outline-offset:1px}[role=tablist]{display:flex;flex-wrap:wrap;gap:4px;padding:8px 16px 0;border-bottom:1px solid var(--line)}nav button{border-color:transparent;border-bottom:0;border-radius:5px 5px 0 0;color:var(--quiet)}nav button[aria-selected=true]{color:var(--text);background:var(--soft);border-color:var(--line);font-weight:600}.count{font-weight:400;font-variant-numeric:tabular-nums}main{flex:1;min-height:0;display:flex}section{flex:1;min-width:0;min-height:0;padding:0 16px 16px;overflow:auto}#requests{display:flex;gap:16px;padding:0;overflow:hidden}.left{flex:1 1 46%;min-width:0;display:flex;flex-direction:column;border-right:1px solid var(--line)}.left .hint{padding:0 16px}#list{flex:1;overflow:auto}.right{flex:1 1 54%;min-width:0;overflow:auto;padding:0 16px 16px 0}.row{display:grid;grid-template-columns:52px minmax(0,1fr) 42px 64px;gap:8px;padding:4px 16px;border-bottom:1px solid var(--line);cursor:pointer;white-space:nowrap}.row[aria-selected=true]{background:var(--chosen);box-shadow:inset 3px 0 0 var(--accent)}.row>*{overflow:hidden;text-overflow:ellipsis}.row .status{font-weight:600}.row .attempt,.row .ms{text-align:right;color:var(--quiet);font-variant-numeric:tabular-nums}.name,.value{unicode-bidi:isolate}dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 12px;margin:8px 0}dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere;unicode-bidi:isolate}pre{margin:0;padding:8px 10px;background:var(--soft);border:1px solid var(--line);border-radius:5px;white-space:pre-wrap;overflow-wrap:anywhere}.issues{margin:0;padding-left:20px}.bar{display:flex;flex-wrap:wrap;align-items:end;gap:8px 12px;padding:12px 0}#found{flex:1;color:var(--quiet)}label{display:inline-flex;flex-direction:column;gap:2px;font-size:12px;color:var(--quiet)}label input,label select{font-size:14px;color:var(--text)}.scroll{overflow:auto}table{border-collapse:collapse;width:100%}th,td{padding:4px 10px 4px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere;unicode-bidi:isolate}th{color:var(--quiet);font-weight:600}#faults ul{list-style:none;margin:0;padding:0}#switches{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:6px}#switches button{display:flex;gap:10px;align-items:center;width:100%;text-align:left}#switches .knob{flex:none;width:30px;height:16px;border:1px solid var(--quiet);border-radius:8px;padding:2px}#switches .knob:before{content:"";display:block;width:10px;height:10px;border-radius:5px;background:var(--quiet)}#switches [aria-checked=true]{border-color:var(--limited)}#switches [aria-checked=true] .knob{border-color:var(--limited);background:var(--limited)}#switches [aria-checked=true] .knob:before{background:var(--back);transform:translate(14px)}#switches .what{color:var(--quiet);font-size:12px}#active li{display:flex;gap:12px;align-items:center;padding:4px 0;border-bottom:1px solid var(--line)}#active li>span{flex:1}#settings-form{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:12px;padding-top:16px}footer{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 24px;padding:6px 16px;border-top:1px solid var(--line);color:var(--quiet);font-size:12px}footer p{margin:0}kbd{border:1px solid var(--line);border-radius:3px;padding:0 4px;font:11px ui-monospace,monospace}#toast{position:fixed;right:16px;bottom:48px}#toast:not(:empty){padding:8px 14px;border-radius:5px;background:var(--text);color:var(--back)}@media(max-width:760px){body{height:auto}#requests{flex-direction:column}.left{border-right:0;max-height:45vh}.right{padding:0 16px 16px}}@media(prefers-reduced-motion:reduce){*{transition:none!important}}</style>
</head>
<body>
<header>
<div class="brand">
<h1>Aelyst sandbox</h1>
<code id="base"></code>
<span id="link" class="pill" role="status">connecting</span>
</div>
<div class="rate">
<span id="gauge-text">no requests yet</span>
<div
id="gauge"
role="meter"
aria-label="Requests left in the window"
aria-valuemin="0"
aria-valuemax="1"
aria-valuenow="1"
>
<div id="gauge-bar"></div>
</div>
</div>
<figure class="strip">
<svg
id="strip"
viewBox="0 0 240 40"
preserveAspectRatio="none"
role="img"
aria-label="Last 60 seconds: no requests"
></svg>
<figcaption id="legend"></figcaption>
</figure>
<div class="actions">
<button id="pause" type="button" aria-pressed="false">Pause</button>
<button id="reset" type="button">Reset</button>
</div>
</header>
<nav aria-label="Views">
<div role="tablist" aria-label="Views">
<button
role="tab"
type="button"
id="tab-requests"
aria-controls="requests"
aria-selected="true"
>
Requests <span id="count-requests" class="count">0</span>
</button>
<button
role="tab"
type="button"
id="tab-contacts"
aria-controls="contacts"
aria-selected="false"
tabindex="-1"
>
Contacts <span id="count-contacts" class="count">0</span>
</button>
<button
role="tab"
type="button"
id="tab-faults"
aria-controls="faults"
aria-selected="false"
tabindex="-1"
>
Faults <span id="count-faults" class="count">0</span>
</button>
<button
role="tab"
type="button"
id="tab-settings"
aria-controls="settings"
aria-selected="false"
tabindex="-1"
>
Settings
</button>
</div>
</nav>
<main>
<section role="tabpanel" id="requests" aria-labelledby="tab-requests">
<div class="left">
<p id="empty" class="hint">
Nothing has arrived yet. Send a create to the address above.
</p>
<div
id="list"
role="listbox"
tabindex="0"
aria-label="Requests, newest first"
hidden
></div>
</div>
<div id="detail" class="right" tabindex="0" role="region" aria-label="The chosen request">
<p class="hint">Choose a request: <kbd>j</kbd> and <kbd>k</kbd> go down and up.</p>
</div>
</section>
<section role="tabpanel" id="contacts" aria-labelledby="tab-contacts" hidden>
<div class="bar">
<label
>Search <input id="search" type="search" autocomplete="off" spellcheck="false"
/></label>
<span id="found" role="status"></span>
<button id="export-json" type="button">Export JSON</button>
<button id="export-csv" type="button">Export CSV</button>
</div>
<div class="scroll" tabindex="0" role="region" aria-label="Contacts">
<table>
<thead>
<tr>
<th scope="col">Identifier</th>
<th scope="col">First name</th>
<th scope="col">Last name</th>
<th scope="col">Email</th>
<th scope="col">Phone</th>
<th scope="col">Custom fields</th>
<th scope="col">State</th>
</tr>
</thead>
<tbody id="rows"></tbody>
</table>
</div>
</section>
<section role="tabpanel" id="faults" aria-labelledby="tab-faults" hidden>
<h2>Every request from now on</h2>
<ul id="switches"></ul>
<h2>A rule of your own</h2>
<form id="rule" class="bar">
<label
>Preset
<input
name="preset"
required
placeholder="429-7s"
autocomplete="off"
spellcheck="false"
/></label>
<label
>Identifier
<input
name="identifier"
placeholder="all, or email:ana@*"
autocomplete="off"
spellcheck="false"
/></label>
<label>Times <input name="times" type="number" min="1" placeholder="for ever" /></label>
<label
>Probability
<input name="probability" type="number" min="0" max="1" step="any" placeholder="1"
/></label>
<button type="submit">Add</button>
</form>
<ul id="active" aria-label="Faults that wait for requests"></ul>
</section>
<section role="tabpanel" id="settings" aria-labelledby="tab-settings" hidden>
<form id="settings-form"></form>
</section>
</main>
<footer>
<p>
Contacts are shown as they came: this sandbox is yours, and nothing leaves this machine. Do
not send it people's real data if others can reach it.
</p>
<p>
<kbd>j</kbd> <kbd>k</kbd> next, previous · <kbd>1</kbd> to <kbd>4</kbd> views ·
<kbd>p</kbd> pause · <kbd>/</kbd> search
</p>
</footer>
<div id="toast" role="status"></div>
<script>(()=>{const st="/_sandbox";const r=t=>{const e=document.getElementById(t);if(e===null)throw new Error(\`no #\${t}\`);return e},i=(t,e={},...n)=>{const s=document.createElement(t);for(const[o,a]of Object.entries(e))typeof a=="function"?s.addEventListener(o,a):a===!0?s.setAttribute(o,""):a!==!1&&s.setAttribute(o,a);return s.append(...n),s};let X;const M=t=>{r("toast").textContent=t,clearTimeout(X),X=setTimeout(()=>r("toast").textContent="",2500)},m=async(t,e="GET",n)=>{const s=await fetch(st+t,{method:e,...n!==void 0&&{headers:{"content-type":"application/json"},body:JSON.stringify(n)}}),o=await s.json();if(!s.ok){const a=typeof o=="object"&&o!==null&&"message"in o;throw new Error(a?String(o.message):\`answered \${s.status}\`)}return o},u=t=>{t().catch(e=>M(e instanceof Error?e.message:String(e)))};let j="real",K=Date.now(),ot=performance.now();const at=()=>j==="real"?K+(performance.now()-ot):K,it=t=>{K=t,ot=performance.now()},H=[["ok","2xx"],["refused","4xx"],["limited","429"],["failed","5xx"],["cut","cut"]],B=({state:t,status:e})=>t==="waiting"?"waiting":t!=="answered"||e===void 0?"cut":e===429?"limited":e>=500?"failed":e>=300?"refused":"ok",w=new Map;let z=0,p,v=!1;const L=new Map,f=new Map,k=new Map;let $,T;const rt=t=>{const e=B(t);if(e==="waiting")return;const n=Math.floor((t.at+(t.ms??0))/1e3),s=k.get(n)??new Map;s.set(e,(s.get(e)??0)+1),k.set(n,s),t.limit!==void 0&&($=t)},wt=t=>{const e=B(t),{attempt:n,identifier:s,ms:o,path:a,seq:c,state:d,status:l}=t;return i("div",{role:"option",id:\`request-\${c}\`,class:"row","aria-selected":String(c===p),click:()=>G(c)},i("span",{class:\`status \${e}\`},e==="cut"?d:String(l??"\\u2026")),i("span",{class:"name"},s??a),i("span",{class:"attempt"},n===void 0||n===1?"":\`#\${n}\`),i("span",{class:"ms"},o===void 0?"":\`\${Math.round(o)} ms\`))},bt=t=>Number(t.slice(8)),C=new Set;let P=!1;const Y=()=>{P||(P=!0,requestAnimationFrame(()=>{P=!1,ht()}))},ht=()=>{const t=r("list");for(const e of[...C].toSorted((n,s)=>n-s)){const n=w.get(e),s=f.get(e);if(n===void 0)continue;const o=wt(n);f.set(e,o),s!==void 0?s.replaceWith(o):t.insertBefore(o,[...t.children].find(({id:a})=>bt(a)<e)??null),e===p&&ct(n)}C.clear();for(const e of[...f.keys()].toSorted((n,s)=>n-s)){if(f.size<=300)break;const n=f.get(e);e===p||n===void 0||(n.remove(),f.delete(e),w.delete(e))}t.hidden=f.size===0,r("empty").hidden=f.size>0,r("count-requests").textContent=String(z),N()},_=t=>{if(v){L.set(t.seq,t),r("pause").textContent=\`Resume (\${L.size} new)\`;return}w.set(t.seq,t),C.add(t.seq),Y()},Q=t=>{try{return JSON.stringify(JSON.parse(t),null,2)}catch{return t}},yt=t=>i("dl",{},...t.flatMap(([e,n])=>n===void 0?[]:[i("dt",{},e),i("dd",{},n)])),ct=t=>{const{answer:e,body:n,fault:s,headers:o,identifier:a,issues:c,limit:d,method:l,path:g}=t,S=Object.entries(o).map(([h,y])=>\`\${h}: \${typeof y=="string"?y:(y??[]).join(", ")}\`),b=B(t),R=new Date(t.at).toISOString().slice(11,23),q=["curl","CLI","SDK"].map(h=>i("button",{type:"button",click:()=>$t(h,t)},\`Copy as \${h}\`));r("detail").replaceChildren(i("h2",{},i("span",{class:b},\`\${t.status??t.state}\`)," ",i("span",{class:"value"},a??g)),i("div",{class:"actions"},...q),yt([["At",\`\${R} UTC\`],["Took",t.ms===void 0?void 0:\`\${Math.round(t.ms)} ms\`],["Token",t.token],["Attempt",t.attempt===void 0?void 0:\`\${t.attempt} for this identifier\`],["Result",t.result],["Fault",s],["Rate",d===void 0?void 0:\`\${t.remaining??0} of \${d} left\`],["Retry-After",t.retryAfter],["State",t.state]]),...c===void 0?[]:[i("h2",{},"What is wrong with it"),i("ul",{class:"issues"},...c.map(({code:h,path:y,rule:gt,suggestion:V})=>i("li",{},\`\${y.length>0?\`\${y.join(".")}: \`:""}\${gt} (\${h})\${V===void 0?"":\` \\u2014 \${V}\`}\`)))],i("h2",{},"Request"),i("pre",{},\`\${l} \${g}
\${S.join(\`
\`)}

\${Q(n)}\`),i("h2",{},"Answer"),i("pre",{},e===void 0?"none":Q(e)))},G=t=>{(p===void 0?void 0:f.get(p))?.setAttribute("aria-selected","false"),p=t;const n=r("list"),s=t===void 0?void 0:f.get(t),o=t===void 0?void 0:w.get(t);if(s===void 0||o===void 0){n.removeAttribute("aria-activedescendant");return}s.setAttribute("aria-selected","true"),n.setAttribute("aria-activedescendant",s.id),s.scrollIntoView({block:"nearest"}),ct(o)},U=t=>{const e=[...f.keys()].toSorted((o,a)=>a-o),n=p===void 0?-1:e.indexOf(p),s=n===-1?e[0]:e[Math.min(e.length-1,Math.max(0,n+t))];s!==void 0&&G(s)},E=t=>\`'\${t.replaceAll("'","'\\\\''")}'\`,St=t=>{try{return JSON.parse(t)}catch{return}},vt=(t,e)=>{const{body:n,fault:s,identifier:o="",method:a,path:c}=e;if(t==="curl")return[\`curl --request \${a} \${E(location.origin+c)}\`,'--header "Authorization: Bearer \${AELYST_TOKEN:-sandbox_ok}"',"--header 'Content-Type: application/json'",\`--data \${E(n)}\`].join(\` \\\\
  \`);const d=\`AELYST_BASE_URL=\${E(\`\${location.origin}/v1\`)} AELYST_TOKEN="\\\${AELYST_TOKEN:-sandbox_ok}" \\\\
  aelyst create\`;if(t==="CLI")return\`\${d} \${E(o)} --data \${E(n)}\`;const l=St(n);return\`import assert from "node:assert/strict"
import { test } from "node:test"
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"

test("creates the contact", async () => {
  const sandbox = await Sandbox.start()
\${Lt(s)?\`  sandbox.fail({ preset: \${JSON.stringify(s)} })
\`:""}  const aelyst = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
  const contact = \${l===void 0?"{}":JSON.stringify(l,null,2).replaceAll(\`
\`,\`
  \`)}
  const { result } = await aelyst.contacts.create(\${JSON.stringify(o)}, contact)
  assert.equal(result, "created")
  await aelyst.close()
  await sandbox.close()
})
\`},$t=(t,e)=>u(async()=>{await navigator.clipboard.writeText(vt(t,e)),M(\`Copied as \${t}\`)}),N=()=>{const t=at(),e=r("gauge");if(T!==void 0&&$?.limit!==void 0){const{limit:n,token:s}=$,a=t-$.at>=T.windowMs?n:$.remaining??0;e.setAttribute("aria-valuemax",String(Math.max(1,n))),e.setAttribute("aria-valuenow",String(a)),e.classList.toggle("low",a<=n/4),e.classList.toggle("empty",a===0),r("gauge-bar").style.width=\`\${100*a/Math.max(1,n)}%\`,r("gauge-text").textContent=\`\${a} of \${n} left per \${T.windowMs/1e3} s (\${s})\`}xt(Math.floor(t/1e3))},xt=t=>{let e=1;const n=new Map;for(const[d,l]of k){if(d<=t-60){k.delete(d);continue}let g=0;for(const[S,b]of l)g+=b,n.set(S,(n.get(S)??0)+b);e=Math.max(e,g)}const s=[];for(const[d,l]of k){let g=40;for(const[S]of H){const b=38*(l.get(S)??0)/e;if(b===0)continue;g-=b;const R=document.createElementNS("http://www.w3.org/2000/svg","rect");R.setAttribute("class",S);const q=4*(59-Math.min(59,t-d));for(const[h,y]of Object.entries({x:q,y:g,width:3.2,height:b}))R.setAttribute(h,String(y));s.push(R)}}const o=r("strip");o.replaceChildren(...s);const a=H.map(([d,l])=>\`\${n.get(d)??0} \${l}\`),c=\`Last 60 seconds: \${a.join(", ")}\`;o.getAttribute("aria-label")!==c&&(o.setAttribute("aria-label",c),r("legend").replaceChildren("last 60 s",...H.map(([d],l)=>i("span",{class:d},\`\\u25A0 \${a[l]??""}\`))))},J=()=>{const t=r("search");return t instanceof HTMLInputElement?t.value:""},kt=({custom_fields:t})=>(t??[]).map(({name:e,value:n})=>\`\${e}: \${n??""}\`).join(", ");let Z;const At=async()=>{const{contacts:t,total:e}=await m(\`/contacts?limit=300&query=\${encodeURIComponent(J())}\`),n=at();r("rows").replaceChildren(...t.toReversed().map(o=>{const a=[o.identifier,o.firstName,o.lastName??"",o.email??"",o.phone??"",kt(o),o.state];return i("tr",{},...a.map(c=>i("td",{},c)))})),J()===""&&(r("count-contacts").textContent=String(e)),r("found").textContent=e>t.length?\`the newest \${t.length} of \${e}\`:\`\${e} found\`,clearTimeout(Z);const s=t.filter(({state:o})=>o==="processing").reduce((o,{readyAt:a})=>Math.min(o,a),1/0);s<1/0&&j==="real"&&(Z=setTimeout(A,Math.max(50,s-n)))};let F=!1,I=!1;const A=()=>{if(F){I=!0;return}F=!0,u(async()=>{try{await At(),await new Promise(t=>setTimeout(t,200))}finally{F=!1,I&&(I=!1,A())}})},Rt=t=>{const e=t===void 0?"":String(t),n=/^(?:[\\t\\r\\n\\0]|[\\s"'\\u00A0\\u3000]*[=+\\-@\\uFF1D\\uFF0B\\uFF0D\\uFF20])/.test(e)?\`'\${e}\`:e;return/[",;\\r\\n\\t\\0']/.test(n)?\`"\${n.replaceAll('"','""')}"\`:n},Et=t=>{const e=["id","identifier","firstName","lastName","phone","email","language","profilePic","countryCode","state"],n=[...new Set(t.flatMap(({custom_fields:o})=>(o??[]).map(({name:a})=>a)))],s=t.map(o=>{const a=new Map((o.custom_fields??[]).map(({name:c,value:d})=>[c,d]));return[...e.map(c=>o[c]),...n.map(c=>a.get(c))]});return[[...e,...n],...s].map(o=>\`\${o.map(Rt).join(",")}\\r
\`).join("")},dt=t=>u(async()=>{const{contacts:e}=await m(\`/contacts?query=\${encodeURIComponent(J())}\`),n=t==="csv"?Et(e):\`\${JSON.stringify(e,null,2)}
\`,s=t==="csv"?"text/csv;charset=utf-8":"application/json",o=URL.createObjectURL(new Blob([n],{type:s}));i("a",{href:o,download:\`contacts.\${t}\`}).click(),setTimeout(()=>URL.revokeObjectURL(o),1e4)}),lt=[["400","the documented 400"],["401","the documented 401"],["429","429 with Retry-After: 1"],["no-headers-429","429 without its headers"],["500","500, the contact not created"],["500-after","500, the contact created"],["503","503, the contact not created"],["html-502","a gateway's page with 502"],["drop","reset after the contact is created"],["drop-before","reset before it is created"],["stall","created, but no answer ever comes"],["slow-3s","the answer 3 s later"],["drip-250ms","a byte every 250 ms"],["truncate-length","half of the body, then the end"],["garbage","bytes that are not HTTP"],["badjson","a 200 whose JSON is cut"],["portal","the 200 of a guest network"],["302","a redirect"]],Lt=t=>lt.some(([e])=>e===t),Tt=({spec:t},e)=>t.preset===e&&Object.keys(t).length===1,Ct=t=>{r("count-faults").textContent=String(t.length);const e=document.activeElement?.id;r("switches").replaceChildren(...lt.map(([n,s])=>{const o=t.find(a=>Tt(a,n));return i("li",{},i("button",{type:"button",role:"switch",id:\`fault-\${n}\`,"aria-checked":String(o!==void 0),click:()=>u(()=>o===void 0?m("/faults","POST",{preset:n}):m(\`/faults?id=\${o.id}\`,"DELETE"))},i("span",{class:"knob"}),i("span",{},i("code",{},n)," ",i("span",{class:"what"},s))))})),r("active").replaceChildren(...t.map(({hits:n,id:s,left:o,name:a,spec:c})=>i("li",{},i("code",{},a),i("span",{class:"value"},[c.match?.identifier===void 0?"all":c.match.identifier,c.match?.token===void 0?"":\`token \${c.match.token}\`,c.probability===void 0?"":\`probability \${c.probability}\`,o===void 0?"":\`\${o} left\`,\`\${n} hit\`].filter(d=>d!=="").join(" \\xB7 ")),i("button",{type:"button","aria-label":\`Remove the fault \${a}\`,click:()=>u(()=>m(\`/faults?id=\${s}\`,"DELETE"))},"Remove")))),e!==void 0&&e.startsWith("fault-")&&r(e).focus()},W=async()=>Ct((await m("/faults")).faults),ut={limiter:["fixed-window-aligned","fixed-window-first-request","sliding-log","token-bucket","gcra"],existing:["reject","reject=403","reject=409","reject=object","merge","duplicate"],rateLimitHeaders:["all","on-429","none"],retryAfter:["integer","fraction","date","none"]},Ot=[["limit","Requests per window"],["windowMs","Window, ms"],["limiter","Limiter"],["existing","A contact that exists"],["processingDelayMs","Processing time of a contact, ms"],["lagMs","Blind to new contacts for, ms"],["latencyMs","Latency, ms or from..to"],["rateLimitHeaders","X-RateLimit headers"],["retryAfter","Retry-After"]],Mt=(t,e)=>{if(Object.hasOwn(ut,t))return e;const[n="",s]=e.split("..");return s===void 0?Number(n):[Number(n),Number(s)]},ft=async()=>{const t=await m("/settings");T=t,r("settings-form").replaceChildren(...Ot.map(([e,n])=>{const s=t[e],o=typeof s=="object"?s.join(".."):String(s),a=ut[e],c=a===void 0?i("input",{value:o,inputmode:"numeric",autocomplete:"off"}):i("select",{},...a.map(d=>i("option",{selected:d===o},d)));return c.addEventListener("change",()=>u(async()=>{if(c instanceof HTMLInputElement||c instanceof HTMLSelectElement)try{await m("/settings","PATCH",{[e]:Mt(e,c.value)}),M(\`\${n}: \${c.value}\`)}catch(d){throw c.value=o,d}})),i("label",{},n,c)})),N()},mt=async()=>{const t=await m("/health");j=t.clock,it(t.now),r("count-contacts").textContent=String(t.contacts)},jt=async()=>{for(const s of f.values())s.remove();for(const s of[w,f,L,k])s.clear();$=void 0;const{requests:t,total:e}=await m("/requests?limit=300"),n=t.at(-1)?.seq??0;z=e+[...w.keys()].filter(s=>s>n).length;for(const s of t)w.has(s.seq)||(w.set(s.seq,s),C.add(s.seq),rt(s));p!==void 0&&!w.has(p)&&(G(void 0),r("detail").replaceChildren(i("p",{class:"hint"},"Choose a request."))),Y()},tt=async()=>{await mt(),await Promise.all([ft(),jt(),W()]),A()};let et;const D=t=>t.request,Nt=()=>{const t=new EventSource(\`\${st}/events\`),e=r("link"),n=(s,o)=>t.addEventListener(s,a=>o(JSON.parse(a.data)));t.addEventListener("open",()=>{e.textContent="live",e.className="pill on",u(tt)}),t.addEventListener("error",()=>{e.textContent="not reached, trying again",e.className="pill off"}),n("request",s=>{z++,j!=="real"&&it(D(s).at),_(D(s))}),n("answer",s=>{const o=D(s);rt(o),_(o),Y(),o.fault!==void 0&&(et??=setTimeout(()=>{et=void 0,u(W)},200))}),n("contact",A),n("change",s=>{const{what:o}=s;o==="faults"?u(W):o==="settings"?u(ft):o==="clock"?(u(async()=>{await mt(),N()}),A()):u(tt)})},x=["requests","contacts","faults","settings"],O=(t,e=!1)=>{for(const n of x){const s=r(\`tab-\${n}\`);s.setAttribute("aria-selected",String(n===t)),s.tabIndex=n===t?0:-1,r(n).hidden=n!==t,e&&n===t&&s.focus()}},pt=()=>{v=!v;const t=r("pause");if(t.setAttribute("aria-pressed",String(v)),t.textContent=v?"Resume":"Pause",!v){for(const e of L.values())_(e);L.clear()}};for(const[t,e]of x.entries()){const n=r(\`tab-\${e}\`);n.addEventListener("click",()=>O(e)),n.addEventListener("keydown",({key:s})=>{const o=s==="ArrowRight"?1:s==="ArrowLeft"?-1:0,a=x[(t+o+x.length)%x.length];o!==0&&a!==void 0&&O(a,!0)})}const nt={j:()=>U(1),k:()=>U(-1),p:pt,"/":()=>{O("contacts"),r("search").focus()},...Object.fromEntries(x.map((t,e)=>[String(e+1),()=>O(t)]))};document.addEventListener("keydown",t=>{const{target:e}=t;if(t.ctrlKey||t.metaKey||t.altKey||e instanceof HTMLInputElement||e instanceof HTMLSelectElement)return;const n=Object.hasOwn(nt,t.key)?nt[t.key]:void 0;n!==void 0&&(t.preventDefault(),n())});r("list").addEventListener("keydown",t=>{const e=t.key==="ArrowDown"?1:t.key==="ArrowUp"?-1:0;e!==0&&(t.preventDefault(),U(e))});r("pause").addEventListener("click",pt);r("reset").addEventListener("click",()=>u(async()=>{await m("/reset","POST"),M("Reset: contacts, requests and counts are gone")}));r("search").addEventListener("input",A);r("export-json").addEventListener("click",()=>dt("json"));r("export-csv").addEventListener("click",()=>dt("csv"));r("rule").addEventListener("submit",t=>{t.preventDefault();const e=t.target;if(!(e instanceof HTMLFormElement))return;const n=new FormData(e),s=o=>String(n.get(o)??"").trim();u(async()=>{await m("/faults","POST",{preset:s("preset"),...s("identifier")!==""&&{match:{identifier:s("identifier")}},...s("times")!==""&&{times:Number(s("times"))},...s("probability")!==""&&{probability:Number(s("probability"))}}),e.reset()})});r("base").textContent=\`\${location.origin}/v1\`;setInterval(N,500);Nt();})();</script>
</body>
</html>
`

"""Domains under which strangers hold names: data for the checks of ``ALLOWED_HOSTS``.

A selection, not the whole list: https://publicsuffix.org/ has 10,000 entries and changes weekly.
Top-level domains need no entry, because a name without a dot is recognised as one.
"""

from __future__ import annotations

import re

# Registries that sell names on the second level.
_REGISTRY_SUFFIXES = """
ac.uk co.uk gov.uk ltd.uk me.uk net.uk org.uk plc.uk sch.uk
com.au edu.au gov.au id.au net.au org.au
ac.nz co.nz geek.nz gen.nz govt.nz net.nz org.nz school.nz
ac.jp co.jp go.jp ne.jp or.jp
ac.in co.in firm.in gen.in gov.in ind.in net.in org.in
ac.kr co.kr go.kr ne.kr or.kr re.kr
ac.za co.za gov.za net.za org.za web.za
com.ar gob.ar net.ar org.ar
com.br gov.br net.br org.br
com.cn edu.cn gov.cn net.cn org.cn
com.co net.co org.co
com.eg com.es com.gh com.gr com.hk com.mx com.my com.ng com.pe com.ph com.pk com.pl com.pt com.ro
com.ru com.sa com.sg com.tr com.tw com.ua com.ve com.vn
edu.hk edu.mx edu.my edu.pl edu.sg edu.tr edu.tw edu.vn
gov.hk gov.pl gov.sg gov.tr gov.tw gov.vn
net.hk net.mx net.my net.ng net.pl net.sg net.tr net.tw net.ua net.vn
org.es org.hk org.mx org.my org.ng org.pl org.sg org.tr org.tw org.ua org.vn
co.at co.hu co.id co.il co.ke co.rs co.th co.tz co.ug co.ve co.zm co.zw
ac.at ac.id ac.il ac.ke ac.th go.id go.ke go.th gv.at or.at or.id or.ke or.th
asso.fr com.fr gouv.fr nom.es gob.es gob.mx gen.tr web.tr
"""

# Hosting, deployment, tunnelling and dynamic DNS: every customer gets a name next to yours.
_HOSTING_SUFFIXES = """
herokuapp.com herokussl.com
vercel.app now.sh netlify.app netlify.com onrender.com fly.dev railway.app up.railway.app
pages.dev workers.dev cloudflareaccess.com trycloudflare.com
appspot.com run.app a.run.app cloudfunctions.net web.app firebaseapp.com cloudshell.dev
amazonaws.com elasticbeanstalk.com cloudfront.net awsapprunner.com on.aws lambda-url.on.aws
elb.amazonaws.com compute.amazonaws.com s3.amazonaws.com amplifyapp.com
azurewebsites.net azurestaticapps.net azurecontainerapps.io azurecontainer.io azurefd.net
azureedge.net cloudapp.net cloudapp.azure.com trafficmanager.net windows.net
ondigitalocean.app digitaloceanspaces.com
pythonanywhere.com eu.pythonanywhere.com
github.io githubpreview.dev github.dev app.github.dev gitlab.io bitbucket.io
gitpod.io csb.app codesandbox.io stackblitz.io glitch.me repl.co replit.app replit.dev
surge.sh deta.app deta.dev koyeb.app northflank.app zeabur.app sevalla.app
scalingo.io osc-fr1.scalingo.io clever-cloud.com cleverapps.io platformsh.site upsun.app
openshiftapps.com rhcloud.com ibmcloud.com mybluemix.net oraclecloudapps.com
ngrok.io ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev loca.lt localtunnel.me serveo.net
duckdns.org dyndns.org no-ip.org ddns.net hopto.org zapto.org dynu.net ts.net
wixsite.com blogspot.com wordpress.com myshopify.com squarespace.com webflow.io
nip.io sslip.io xip.io lvh.me localtest.me
eu.org hf.space streamlit.app devtunnels.ms core.windows.net blob.core.windows.net
"""

# Providers that may put a region in between: customers' names stand below <region>.<suffix>.
REGIONAL_SUFFIXES = frozenset(
    """
    elasticbeanstalk.com compute.amazonaws.com elb.amazonaws.com s3.amazonaws.com awsapprunner.com
    azurecontainerapps.io azurecontainer.io azurewebsites.net azurestaticapps.net cloudapp.azure.com
    run.app ngrok.io ngrok.app digitaloceanspaces.com
    """.split()
)

# us-east-1, us-central1, eastus2, westeurope, eu: as AWS, Google, Azure and ngrok name them.
REGION = re.compile(
    r"[a-z]{2}(?:-[a-z]+)+-?[0-9]{1,2}|ap|au|eu|in|jp|sa|us"
    r"|(?:north|south|east|west|central)(?:central|east|west)?"
    r"(?:us|europe|asia|india|japan|uk|australia)?[23]?"
    r"|(?:australia|brazil|canada|france|germany|japan|korea|norway|sweden|switzerland|uk)"
    r"(?:central|east|north|south|southeast|west|westcentral)2?"
)

SHARED_SUFFIXES = frozenset(f"{_REGISTRY_SUFFIXES} {_HOSTING_SUFFIXES}".split()) | REGIONAL_SUFFIXES

# Names without a dot that no registry sells: RFC 6761, RFC 6762, RFC 8375, and ICANN's
# reservation of .internal (2024); with the ones that private networks have always used.
SPECIAL_USE_NAMES = frozenset(
    "localhost local internal test example invalid alt onion home lan corp intranet private".split()
)

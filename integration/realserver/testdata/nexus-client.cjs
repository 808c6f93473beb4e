// Lists a Nexus with the client that Sonatype's community generates from Nexus' own API description
// (npm: @sonatype/nexus-repo-api-client), and prints one JSON object per asset.
// Run as: NODE_PATH=… NEXUS_URL=… NEXUS_USERNAME=… NEXUS_PASSWORD=… node nexus-client.cjs REPOSITORY…
const { AssetsApi, Configuration, RepositoryManagementApi, StatusApi } = require('@sonatype/nexus-repo-api-client')

// What Nexus adds to an asset for each format; the description leaves it open.
const byFormat = ['maven2', 'raw', 'apt']

async function main (names) {
  const configuration = new Configuration({
    basePath: process.env.NEXUS_URL + '/service/rest',
    username: process.env.NEXUS_USERNAME,
    password: process.env.NEXUS_PASSWORD
  })
  await new StatusApi(configuration).listStatus()
  const found = (await new RepositoryManagementApi(configuration).getAllRepositories()).map(one => one.name)
  const assets = new AssetsApi(configuration)
  for (const repository of names) {
    if (!found.includes(repository)) throw new Error(`no repository ${repository} among ${found}`)
    let continuationToken
    do {
      const answer = await assets.listAssetsRaw({ repository, continuationToken })
      const raw = await answer.raw.clone().json()
      const page = await answer.value()
      page.items.forEach((asset, i) => print(asset, raw.items[i]))
      continuationToken = page.continuationToken
    } while (continuationToken)
  }
}

function print (asset, raw) {
  const known = Object.keys(asset)
  const unknown = Object.keys(raw).filter(key => !known.includes(key) && !byFormat.includes(key))
  if (unknown.length > 0) throw new Error(`${asset.path} has keys that Nexus does not: ${unknown}`)
  if (isNaN(asset.lastModified)) throw new Error(`${asset.path} has no date`)
  const { repository, format, path, fileSize, downloadUrl, checksum } = asset
  console.log(JSON.stringify({ repository, format, path, fileSize, downloadUrl, ...checksum }))
}

main(process.argv.slice(2)).catch(error => {
  console.error(error)
  process.exit(1)
})
